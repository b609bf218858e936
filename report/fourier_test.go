package report

import (
	"bytes"
	"image/png"
	"testing"

	"augmix/run"
)

// TestWriteFourier: the first row of a map is at the top of its picture, and 0 % is dark, 100 % light.
func TestWriteFourier(t *testing.T) {
	m := run.FourierMap{Epsilon: 4, N: 10, Side: 3, Error: [][]float64{{100, 0, 0}, {0, 0, 0}, {0, 0, 100}}}
	var b bytes.Buffer
	if err := WriteFourier(&b, "ResNet-20", m); err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	size := picture.Bounds().Max
	// The map is from 0.113 to 0.80 of the width and from 0.10 to 0.883 of the height.
	for row, errors := range m.Error {
		for column, e := range errors {
			x, y := int((0.113+0.687*(float64(column)+0.5)/3)*float64(size.X)), int((0.10+0.783*(float64(row)+0.5)/3)*float64(size.Y))
			r, g, b, _ := picture.At(x, y).RGBA()
			if light := (r + g + b) / 3 >> 8; light > 200 != (e == 100) || light < 50 != (e == 0) {
				t.Errorf("row %d, column %d, %v %%: brightness %d of 255", row, column, e, light)
			}
		}
	}
}
