package jpeg

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"augmix/pixel"
)

// gradient is a picture without sharp edges, which JPEG keeps well.
func gradient(w, h, c int) *pixel.Image {
	m := pixel.New(w, h, c)
	for i := range m.Pix {
		x, y := i/c%w, i/c/w
		m.Pix[i] = uint8(40 + 150*x/w*(i%c+1)/c + 60*y/h)
	}
	return m
}

// TestRoundTrip encodes and decodes with one Decoder, closed in between: what comes
// back is near to what went in, and grey stays grey. Package imagefile compares
// both directions with Pillow.
func TestRoundTrip(t *testing.T) {
	var d Decoder
	defer d.Close()
	var m pixel.Image
	for _, s := range [][3]int{{64, 48, 3}, {1, 1, 3}, {33, 7, 1}, {300, 200, 3}, {5, 5, 1}} {
		src := gradient(s[0], s[1], s[2])
		prefix := []byte("kept")
		data := Encode(prefix, src, 95, true)
		if !bytes.HasPrefix(data, prefix) {
			t.Fatal("Encode did not append")
		}
		if err := d.Decode(&m, data[len(prefix):]); err != nil {
			t.Fatal(err)
		}
		if m.W != src.W || m.H != src.H || m.C != 3 {
			t.Fatalf("%v: decoded as %d×%d with %d channels", s, m.W, m.H, m.C)
		}
		for i, got := range m.Pix {
			want := src.Pix[i/3*s[2]+i%3*(s[2]/3)]
			if diff := int(got) - int(want); diff < -12 || diff > 12 {
				t.Fatalf("%v: byte %d is %d, want about %d", s, i, got, want)
			}
		}
		d.Close()
	}
}

// TestConcurrent decodes with a Decoder in each of several goroutines.
func TestConcurrent(t *testing.T) {
	src := gradient(90, 70, 3)
	data := Encode(nil, src, 50, false)
	broken := data[:len(data)/2]
	var want pixel.Image
	var d Decoder
	defer d.Close()
	if err := d.Decode(&want, data); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			var d Decoder
			defer d.Close()
			var m pixel.Image
			for range 50 {
				var e *Error
				if err := d.Decode(&m, broken); !errors.As(err, &e) || e.Kind != Truncated {
					t.Errorf("half the data: got the error %v, want Truncated", err)
				}
				if err := d.Decode(&m, data); err != nil || !bytes.Equal(m.Pix, want.Pix) {
					t.Errorf("differs from what one goroutine decodes (error %v)", err)
				}
				if !bytes.Equal(Encode(nil, src, 50, false), data) {
					t.Error("differs from what one goroutine encodes")
				}
			}
		})
	}
	all.Wait()
}

// TestTablesAreNotKept checks that a file without tables does not decode with those
// of the file before.
func TestTablesAreNotKept(t *testing.T) {
	data := Encode(nil, gradient(16, 16, 1), 90, false)
	at := bytes.Index(data, []byte{0xff, 0xdb})
	end := at + 2 + int(data[at+2])<<8 + int(data[at+3])
	without := append(bytes.Clone(data[:at]), data[end:]...)
	var d Decoder
	defer d.Close()
	var m pixel.Image
	if err := d.Decode(&m, data); err != nil {
		t.Fatal(err)
	}
	var e *Error
	if err := d.Decode(&m, without); !errors.As(err, &e) || e.Kind != Damaged {
		t.Errorf("without quantization tables: got the error %v, want Damaged", err)
	}
}

func TestEncodePanics(t *testing.T) {
	for name, f := range map[string]func(){
		"quality 0":    func() { Encode(nil, pixel.New(1, 1, 3), 0, false) },
		"quality 101":  func() { Encode(nil, pixel.New(1, 1, 3), 101, false) },
		"65,501 wide":  func() { Encode(nil, pixel.New(65501, 1, 1), 80, false) },
		"denominator":  func() { _ = new(Decoder).RegionScaled(&pixel.Image{}, nil, 0, 0, 1, 1, 3) },
		"no rectangle": func() { _ = new(Decoder).Region(&pixel.Image{}, nil, 0, 0, 0, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			f()
		}()
	}
}

func TestVersion(t *testing.T) {
	if v := Version(); !strings.HasPrefix(v, "libjpeg") || !strings.ContainsAny(v, "0123456789") {
		t.Errorf("got %q, want libjpeg's or libjpeg-turbo's version", v)
	}
}
