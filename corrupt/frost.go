package corrupt

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"augmix/pixel"
	"augmix/pixel/imagefile"
	"augmix/rng"
)

// frostLevel are the weights of the image and of the texture.
type frostLevel struct{ image, texture float64 }

var frostLevels = levels[frostLevel]{
	{{1, 0.2}, {1, 0.3}, {0.9, 0.4}, {0.85, 0.4}, {0.75, 0.45}},
	{{1, 0.3}, {0.9, 0.4}, {0.8, 0.45}, {0.75, 0.5}, {0.7, 0.55}},
	{{1, 0.4}, {0.8, 0.6}, {0.7, 0.7}, {0.65, 0.7}, {0.6, 0.75}},
	{{1, 0.4}, {0.8, 0.6}, {0.7, 0.7}, {0.65, 0.7}, {0.6, 0.75}},
}

// frostScales are by how much textures are shrunk for small images.
var frostScales = [len(sizes)]float64{0.2, 0.3, 1, 1}

// FrostFiles are the original's textures that it uses, in its folder
// ImageNet-C/create_c. It has a sixth, frost6.jpg, which it never draws.
func FrostFiles() []string {
	return []string{"frost1.png", "frost2.png", "frost3.png", "frost4.jpg", "frost5.jpg"}
}

// ReadFrost reads the textures named by FrostFiles from a folder.
func ReadFrost(dir string) ([]*pixel.Image, error) {
	var reader imagefile.Reader
	defer reader.Close()
	var textures []*pixel.Image
	for _, name := range FrostFiles() {
		path := filepath.Join(dir, name)
		data, err := reader.ReadFile(path)
		texture := new(pixel.Image)
		if err == nil {
			err = reader.Decode(texture, data)
		}
		if err != nil {
			return nil, fmt.Errorf("frost texture %s: %w", path, err)
		}
		textures = append(textures, texture)
	}
	return textures, nil
}

// NewFrost is New("frost", size) with other textures than the program's own: RGB
// images, of which each is as likely as another.
func NewFrost(size int, textures []*pixel.Image) (*Corruptor, error) {
	if len(textures) == 0 {
		return nil, errors.New("corruption frost: there are no textures")
	}
	c, err := New("frost", size)
	if err == nil {
		c.kind.(*frost).textures = textures
	}
	return c, err
}

// frost lays a piece of a texture over the image.
type frost struct {
	levels   [Severities]frostLevel
	scale    float64
	textures []*pixel.Image // nil for the program's own
	w, h     int
	fitted   []*pixel.Image // for images of w×h
}

func newFrost(t table) corruption { return &frost{levels: frostLevels[t], scale: frostScales[t]} }

func (f *frost) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	if f.textures == nil {
		f.textures = ownFrost()
	}
	if f.w != src.W || f.h != src.H {
		f.w, f.h, f.fitted = src.W, src.H, make([]*pixel.Image, len(f.textures))
	}
	i := r.IntN(len(f.textures))
	if f.fitted[i] == nil {
		f.fitted[i] = fit(f.textures[i], f.scale, src.W, src.H)
	}
	texture, level := f.fitted[i], f.levels[severity]
	top, left := r.IntN(texture.H-src.H), r.IntN(texture.W-src.W)
	for y := range src.H {
		ice := texture.Pix[((top+y)*texture.W+left)*3:][:src.W*3]
		in, out := src.Pix[y*src.W*src.C:][:src.W*src.C], dst.Pix[y*src.W*src.C:][:src.W*src.C]
		if src.C == 1 {
			for x, v := range in {
				grey := 0.299*float64(ice[3*x]) + 0.587*float64(ice[3*x+1]) + 0.114*float64(ice[3*x+2])
				out[x] = uint8(min(level.image*float64(v)+level.texture*grey, 255))
			}
			continue
		}
		for x, v := range in {
			out[x] = uint8(min(float64(level.image*float64(v))+float64(level.texture*float64(ice[x])), 255))
		}
	}
}

// fit returns a texture scaled by a factor, by a larger one where it would else not
// be larger than w×h: linearly and without smoothing, as OpenCV's resize.
func fit(texture *pixel.Image, scale float64, w, h int) *pixel.Image {
	width, height := math.RoundToEven(float64(texture.W)*scale), math.RoundToEven(float64(texture.H)*scale)
	if width <= float64(w) || height <= float64(h) {
		scale = max(float64(w+1)/float64(texture.W), float64(h+1)/float64(texture.H))
		width, height = math.Ceil(float64(texture.W)*scale), math.Ceil(float64(texture.H)*scale)
	}
	if scale == 1 {
		return texture
	}
	out := pixel.New(max(int(width), w+1), max(int(height), h+1), 3)
	in := floats{make([]float32, len(texture.Pix)), texture.W, texture.H, 3}
	for i, v := range texture.Pix {
		in.pix[i] = unit[v]
	}
	var value [3]float32
	for y := range out.H {
		for x := range out.W {
			in.sample(value[:], (float64(x)+0.5)/scale-0.5, (float64(y)+0.5)/scale-0.5, nearestInside)
			for ch, v := range value {
				out.Pix[(y*out.W+x)*3+ch] = uint8(v*255 + 0.5)
			}
		}
	}
	return out
}
