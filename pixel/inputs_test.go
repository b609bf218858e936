package pixel

// testImage makes the image that make() of testdata/inputs.py makes.
func testImage(kind string, w, h, c int, seed uint64) *Image {
	m := New(w, h, c)
	below := func(n uint64) int {
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return int((z ^ z>>31) % n)
	}
	each := func(value func(x, y, k int) int) {
		for i := range m.Pix {
			m.Pix[i] = uint8(value(i/c%w, i/c/w, i%c))
		}
	}
	switch kind {
	case "noise":
		each(func(x, y, k int) int { return below(256) })
	case "flat":
		var colour [3]int
		for k := range c {
			colour[k] = below(256)
		}
		each(func(x, y, k int) int { return colour[k] })
	case "gradient":
		var slopes [3][3]int
		for k := range c {
			slopes[k] = [3]int{below(17) - 8, below(17) - 8, below(256)}
		}
		each(func(x, y, k int) int { return slopes[k][0]*x + slopes[k][1]*y + slopes[k][2] })
	case "photo":
		base, contrast := below(100), 40+below(116)
		var grid [5][5][3]int
		for i := range 25 * c {
			grid[i/c/5][i/c%5][i%c] = below(256)
		}
		each(func(x, y, k int) int {
			gx, fx := x*4*256/w>>8, x*4*256/w&255
			gy, fy := y*4*256/h>>8, y*4*256/h&255
			top := grid[gy][gx][k]*(256-fx) + grid[gy][gx+1][k]*fx
			bottom := grid[gy+1][gx][k]*(256-fx) + grid[gy+1][gx+1][k]*fx
			v := (top*(256-fy) + bottom*fy) >> 16
			return min(max(base+(v*contrast>>8)+below(9)-4, 0), 255)
		})
	default:
		panic("unknown kind " + kind)
	}
	return m
}

// testSets makes the sets of testdata/inputs.py.
func testSets() map[string][]*Image {
	var kinds []string
	for _, k := range []struct {
		kind string
		n    int
	}{{"noise", 10}, {"flat", 5}, {"gradient", 10}, {"photo", 25}} {
		for range k.n {
			kinds = append(kinds, k.kind)
		}
	}
	sets := map[string][]*Image{
		"rgb224": {testImage("photo", 224, 224, 3, 3000), testImage("noise", 224, 160, 3, 3001)},
	}
	for i, kind := range kinds {
		sets["rgb32"] = append(sets["rgb32"], testImage(kind, 32, 32, 3, uint64(i)))
	}
	for i, kind := range kinds[5:30] {
		sets["grey32"] = append(sets["grey32"], testImage(kind, 32, 32, 1, uint64(1000+i)))
	}
	for _, s := range testSizes {
		for _, c := range []int{3, 1} {
			for _, kind := range []string{"noise", "photo"} {
				sets["sizes"] = append(sets["sizes"], testImage(kind, s[0], s[1], c, uint64(2000+s[0]*s[1])))
			}
		}
	}
	return sets
}

// testSizes are the sizes of the set "sizes".
var testSizes = [][2]int{{1, 1}, {1, 9}, {9, 1}, {2, 2}, {3, 3}, {5, 4}, {17, 33}, {40, 13}, {64, 48}, {7, 300}, {1, 250}}

// LevelImages makes the images of level_images() in testdata/inputs.py.
func LevelImages() []*Image {
	var images []*Image
	for _, s := range append(testSizes[:len(testSizes):len(testSizes)], [2]int{224, 224}, [2]int{500, 375}) {
		for _, c := range []int{3, 1} {
			for _, kind := range []string{"noise", "flat", "photo"} {
				images = append(images, testImage(kind, s[0], s[1], c, uint64(4000+7*s[0]+s[1])))
			}
		}
	}
	return images
}
