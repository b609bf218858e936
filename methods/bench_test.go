package methods

import (
	"testing"

	"augmix/rng"
)

// BenchmarkView makes views of CIFAR's and ImageNet's size by each method.
func BenchmarkView(b *testing.B) {
	for _, size := range []struct {
		name string
		side int
	}{{"32", 32}, {"224", 224}} {
		src := inputImage("photo", size.side, size.side, 1)
		dst := make([]float32, len(src.Pix))
		for _, name := range Names() {
			method, err := New(config(name))
			if err != nil {
				b.Fatal(err)
			}
			b.Run("size="+size.name+"/method="+name, func(b *testing.B) {
				viewer := method.NewViewer()
				view := method.Views() - 1 // Of augmix the first is the clean image.
				for i := range b.N {
					r := rng.New(1, 0, uint64(i), uint64(view))
					viewer.View(dst, view, src, &r)
				}
			})
		}
	}
}
