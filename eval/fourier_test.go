package eval

import (
	"errors"
	"math"
	"math/cmplx"
	"reflect"
	"testing"

	"augmix/data"
	"augmix/nets"
)

// TestBasisIsTheInverseTransform compares with the sums that define the inverse of a real transform: a spectrum that is 1
// at one coefficient, and its conjugate at the mirrored one, of which irfft2 knows.
func TestBasisIsTheInverseTransform(t *testing.T) {
	for _, n := range []int{8, 9} {
		for _, f := range frequencies((n-1)/2*2 - 1) {
			var squares float64
			want := make([]float64, n*n)
			for y := range n {
				for x := range n {
					angle := 2 * math.Pi * float64(f.Row*y+f.Column*x) / float64(n)
					v := cmplx.Exp(complex(0, angle)) + cmplx.Exp(complex(0, -angle))
					want[y*n+x] = real(v)
					squares += real(v) * real(v)
				}
			}
			for i, got := range basis(n, f) {
				if w := want[i] / math.Sqrt(squares); math.Abs(float64(got)-w) > 1e-6 {
					t.Fatalf("%v on %d pixels, element %d: got %v, want %v", f, n, i, got, w)
				}
			}
		}
	}
}

func TestFrequencies(t *testing.T) {
	if got := len(frequencies(31)); got != 496 {
		t.Errorf("a map of side 31 has %d frequencies, want 31×16", got)
	}
	for _, c := range []struct {
		side    int
		epsilon float64
		mapSide int
	}{{32, 4, 31}, {33, 4, 31}, {224, 15.7, 63}} {
		if epsilon, side := DefaultFourier(c.side); epsilon != c.epsilon || side != c.mapSide {
			t.Errorf("images of %d pixels: got ε %v and side %d, want %v and %d", c.side, epsilon, side, c.epsilon, c.mapSide)
		}
	}
}

func TestFourierSigns(t *testing.T) {
	var sum, equal float64
	const n = 3000
	for i := range n {
		s := FourierSigns(Frequency{-3, 5}, i, 3)
		for _, v := range s {
			if v != 1 && v != -1 {
				t.Fatalf("got sign %v", v)
			}
			sum += float64(v)
		}
		if reflect.DeepEqual(s, FourierSigns(Frequency{-3, 4}, i, 3)) {
			equal++
		}
	}
	// Four standard errors: √9000, and √(n/8·7/8) around n/8.
	if math.Abs(sum) > 4*95 || math.Abs(equal-n/8) > 4*18.2 {
		t.Errorf("signs sum to %v, %v of %d triples are those of another frequency, want about 0 and %d", sum, equal, n, n/8)
	}
}

// TestFourierGoesOn interrupts a map after every state that it saves and goes on from there.
func TestFourierGoesOn(t *testing.T) {
	net, err := nets.New(nets.Config{Model: "wrn", Classes: 10, Layers: 10, WidenFactor: 1, Normalize: nets.Normalization{
		Name: "half", Mu: [3]float32{0.5, 0.5, 0.5}, Sigma: [3]float32{0.5, 0.5, 0.5}}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	shapes, err := data.Open("shapes", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	o := FourierOptions{Dataset: data.Subset(shapes, 7, false), Epsilon: 20, Side: 3, BatchSize: 3, Workers: 2}
	want, err := Fourier(net, o)
	if err != nil {
		t.Fatal(err)
	}
	if want.N != 7 || len(want.Error) != 3 || want.Error[0][0] != want.Error[2][2] || want.Error[2][0] != want.Error[0][2] {
		t.Fatalf("got %+v, want a map of 7 images that is its own reflection", want)
	}
	var mean float64
	for _, row := range want.Error {
		for _, e := range row {
			mean += e / 9
		}
	}
	if math.Abs(mean-want.Mean) > 1e-9 {
		t.Errorf("mean: got %v, want %v", want.Mean, mean)
	}

	stop := errors.New("stop")
	previous := saveEvery
	saveEvery = 0
	defer func() { saveEvery = previous }()
	for calls := 0; ; calls++ {
		var last FourierState
		o.Save = func(s FourierState) error {
			s.Wrong = append([]int(nil), s.Wrong...)
			if err := s.Check(3); err != nil {
				t.Fatalf("state %+v: %v", s, err)
			}
			last = s
			return stop
		}
		got, err := Fourier(net, o)
		if err == nil {
			if !reflect.DeepEqual(got, want) || calls != 6*3 {
				t.Errorf("after %d interruptions: got %+v, want %+v after 18", calls, got, want)
			}
			return
		}
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		o.State = &last
	}
}

func TestFourierRefuses(t *testing.T) {
	shapes, err := data.Open("shapes", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	for _, side := range []int{0, -1, 2, 32, 33} {
		if _, err := (FourierOptions{Dataset: shapes, Side: side, BatchSize: 1, Workers: 1}).run(nil); err == nil {
			t.Errorf("side %d: got no error", side)
		}
	}
	good := FourierState{Images: 4, Maps: 2, Batch: 2, Wrong: make([]int, 6)}
	if err := good.Check(3); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*FourierState){
		"negative images": func(s *FourierState) { s.Images = -2 },
		"half a batch":    func(s *FourierState) { s.Images = 3 },
		"no batch":        func(s *FourierState) { s.Batch = 0 },
		"huge batch":      func(s *FourierState) { s.Batch = 1 << 40 },
		"too many maps":   func(s *FourierState) { s.Maps = 7 },
		"another side":    func(s *FourierState) { s.Wrong = s.Wrong[1:] },
		"too many errors": func(s *FourierState) { s.Wrong = []int{7, 0, 0, 0, 0, 0} },
	} {
		bad := good
		if change(&bad); bad.Check(3) == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}
