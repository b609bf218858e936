package pixel

import "testing"

func TestFloat32s(t *testing.T) {
	src := New(256, 1, 1)
	for i := range src.Pix {
		src.Pix[i] = uint8(i)
	}
	dst := make([]float32, 256)
	Float32s(dst, src)
	for i, got := range dst {
		if want := float32(i) / 255; got != want {
			t.Errorf("value %d: got %v, want %v", i, got, want)
		}
	}
	if !panics(func() { Float32s(dst[1:], src) }) {
		t.Error("a destination of another length was accepted")
	}
}
