package data

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"augmix/pixel"
	"augmix/rng"
)

// shapes is a procedural dataset of ten figures on textured grounds. It is there to
// try the whole program in a minute without a download: a small network learns it
// to about one percent of error, and, because figures and grounds of the training
// images have about the same intensities, loses much of that under fog, frost and
// changes of contrast. Its numbers compare with nothing but themselves.
//
// The constants below decide how hard it is. Lengths are in pixels, intensities in
// [0,1].
const (
	shapesSide  = 32
	shapesTrain = 5000
	shapesTest  = 1000

	minRadius, maxRadius = 8.0, 13.0 // of the circle about the figure, roughly
	farShare             = 0.006     // of the images, whose figures are so small that some cannot be told:
	minFar, maxFar       = 2.5, 4.5  // their radius
	maxShift             = 3.0       // of its centre from the image's, each way
	maxTurn              = 26        // degrees from upright, each way

	minGround, maxGround = 0.40, 0.60 // mean intensity of the ground
	groundChroma         = 0.08       // how far a channel leaves that mean

	minContrast, maxContrast = 0.40, 0.60 // mean step from ground to figure
	contrastChroma           = 0.4        // a channel's step: 1 ± this, relative

	minWave, maxWave = 3.5, 14.0 // wavelength of a grating
	maxGrating       = 0.03      // amplitude of each of the ground's two gratings
	maxFigureGrating = 0.04      // and of the figure's one
	cloudCell        = 6         // grid of the ground's random clouds
	maxCloud         = 0.04      // amplitude of the clouds
	maxGrain         = 0.01      // amplitude of each pixel's own noise
)

// shapesClasses are the figures, in the order of shapesFigures.
var shapesClasses = []string{
	"disc", "ring", "square", "frame", "triangle", "star", "cross", "crescent", "bars", "ell",
}

// openShapes draws one split. Sample i has class i mod 10, so that any first n
// samples are balanced. The splits' random streams have different domains.
func openShapes(split string) Dataset {
	n := shapesTrain
	if split == "test" {
		n = shapesTest
	}
	const size = shapesSide * shapesSide * 3
	a := &arrays{
		name: "shapes", classes: shapesClasses, w: shapesSide, h: shapesSide, c: 3,
		pixels: make([]uint8, n*size),
		labels: make([]uint8, n),
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				stream := rng.Named("shapes/"+split, uint64(i))
				a.labels[i] = uint8(i % len(shapesClasses))
				dst := &pixel.Image{Pix: a.pixels[i*size : (i+1)*size], W: shapesSide, H: shapesSide, C: 3}
				drawShape(dst, i%len(shapesClasses), &stream)
			}
		})
	}
	wg.Wait()
	return a
}

// drawShape draws one sample.
func drawShape(dst *pixel.Image, class int, r *rng.Stream) {
	radius := r.Uniform(minRadius, maxRadius)
	if r.Uniform(0, 1) < farShare {
		radius = r.Uniform(minFar, maxFar)
	}
	cx := shapesSide/2 + r.Uniform(-maxShift, maxShift)
	cy := shapesSide/2 + r.Uniform(-maxShift, maxShift)
	sin, cos := math.Sincos(r.Uniform(-maxTurn, maxTurn) * math.Pi / 180)

	var ground, figure [3]float64
	mean := r.Uniform(minGround, maxGround)
	step := r.Uniform(minContrast, maxContrast)
	if r.Bool() {
		step = -step
	}
	for c := range ground {
		ground[c] = mean + r.Uniform(-groundChroma, groundChroma)
		figure[c] = ground[c] + step*(1+r.Uniform(-contrastChroma, contrastChroma))
	}

	first, second := newGrating(r, maxGrating), newGrating(r, maxGrating)
	within := newGrating(r, maxFigureGrating)
	clouds := newClouds(r)
	grain := r.Uniform(0, maxGrain)
	distance := shapesFigures[class]

	for y := range shapesSide {
		for x := range shapesSide {
			px, py := float64(x)+0.5, float64(y)+0.5
			// The figure's own coordinates: centred, turned, its radius 1.
			dx, dy := (px-cx)/radius, (py-cy)/radius
			d := radius * distance(cos*dx+sin*dy, cos*dy-sin*dx)
			// A pixel's centre less than half a pixel from the edge: both show.
			cover := min(max(0.5-d, 0), 1)

			behind := first.at(x, y) + second.at(x, y) + clouds.at(px, py)
			inside := within.at(x, y)
			for c := range 3 {
				v := (1-cover)*(ground[c]+behind) + cover*(figure[c]+inside)
				v += grain * r.Uniform(-1, 1)
				dst.Pix[(y*shapesSide+x)*3+c] = uint8(math.Round(255 * min(max(v, 0), 1)))
			}
		}
	}
}

// grating is a plane wave of intensity, amplitude·sin(kx·x + ky·y + phase), as the
// sines and cosines of its two halves: 128 of them instead of 1024 sines.
type grating struct {
	sinX, cosX [shapesSide]float64 // of kx·x
	sinY, cosY [shapesSide]float64 // amplitude times those of ky·y + phase
}

func newGrating(r *rng.Stream, most float64) *grating {
	k := 2 * math.Pi / r.Uniform(minWave, maxWave)
	sin, cos := math.Sincos(r.Uniform(0, math.Pi))
	phase, amplitude := r.Uniform(0, 2*math.Pi), r.Uniform(0, most)
	var g grating
	for i := range shapesSide {
		g.sinX[i], g.cosX[i] = math.Sincos(k * cos * float64(i))
		s, c := math.Sincos(k*sin*float64(i) + phase)
		g.sinY[i], g.cosY[i] = amplitude*s, amplitude*c
	}
	return &g
}

func (g *grating) at(x, y int) float64 { return g.sinX[x]*g.cosY[y] + g.cosX[x]*g.sinY[y] }

// clouds is value noise: random values on a grid, smoothly interpolated.
type clouds [shapesSide/cloudCell + 2][shapesSide/cloudCell + 2]float64

func newClouds(r *rng.Stream) *clouds {
	var c clouds
	most := r.Uniform(0, maxCloud)
	for i := range c {
		for j := range c[i] {
			c[i][j] = r.Uniform(-most, most)
		}
	}
	return &c
}

func (c *clouds) at(x, y float64) float64 {
	i, u := math.Modf(x / cloudCell)
	j, v := math.Modf(y / cloudCell)
	u, v = u*u*(3-2*u), v*v*(3-2*v) // smoothstep: no creases along the grid
	row, col := int(j), int(i)
	top := c[row][col] + u*(c[row][col+1]-c[row][col])
	bottom := c[row+1][col] + u*(c[row+1][col+1]-c[row+1][col])
	return top + v*(bottom-top)
}
