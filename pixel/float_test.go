package pixel

import "testing"

func TestFloat32s(t *testing.T) {
	src := New(517, 1, 1) // all values in vectors, some behind them
	for i := range src.Pix {
		src.Pix[i] = uint8(i)
	}
	dst := make([]float32, len(src.Pix))
	Float32s(dst, src)
	for i, got := range dst {
		if want := float32(src.Pix[i]) / 255; got != want {
			t.Errorf("value %d: got %v, want %v", src.Pix[i], got, want)
		}
	}
	if !panics(func() { Float32s(dst[1:], src) }) {
		t.Error("a destination of another length was accepted")
	}
}

func BenchmarkFloat32s(b *testing.B) {
	src := testImage("photo", 32, 32, 3, 1)
	dst := make([]float32, len(src.Pix))
	for b.Loop() {
		Float32s(dst, src)
	}
}
