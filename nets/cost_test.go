package nets

import (
	"math"
	"testing"
)

// The multiply-adds are those of the published networks.
func TestCost(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		size int
		want float64 // Millions of multiply-adds.
	}{
		{Config{Model: "wrn", Classes: 10, Layers: 40, WidenFactor: 2}, 32, 327.6},
		{Config{Model: "allconv", Classes: 10}, 32, 402.9},
		{Config{Model: "resnext", Classes: 10}, 32, 1071},
		{Config{Model: "resnext", Classes: 10, Cardinality: 32, BaseWidth: 4}, 32, 774},
		{Config{Model: "densenet", Classes: 10}, 32, 287.9},
		{Config{Model: "densenet", Classes: 10, DenseNetVariant: DenseNetReference}, 32, 282.9},
		{Config{Model: "resnet20", Classes: 10}, 32, 40.55},
		{Config{Model: "resnet18", Classes: 1000}, 224, 1814},
		{Config{Model: "resnet50", Classes: 1000}, 224, 4089},
	} {
		n := mustNew(t, c.cfg, 1)
		got := float64(n.Cost(c.size, c.size).MultiplyAdds) / 1e6
		if math.Abs(got-c.want) > 0.6e-3*c.want {
			t.Errorf("%s, %d×%d: got %.5g million multiply-adds, want %v", n.Describe(), c.size, c.size, got, c.want)
		}
		n.Close()
	}
}

// What training keeps of WRN-10-1 and of the first DenseNet block, counted by hand. All are values for a pixel of the image.
func TestKept(t *testing.T) {
	n := mustNew(t, smallWRN, 1)
	defer n.Close()
	// The first convolution; a block of two normalisations and two convolutions; one whose convolutions, with the
	// shortcut's, have twice the channels and a quarter of the pixels; another; the last normalisation.
	want := int64(16 + 4*16 + (16 + 4*8) + (8 + 4*4) + 4)
	if got := n.Cost(32, 32).Kept; got != want*32*32 {
		t.Errorf("%s: got %d values for a pixel, want %d", n.Describe(), got/32/32, want)
	}
	reference := newDenseNet(Config{DenseNetVariant: DenseNetReference, Classes: 10}).(*DenseNet)
	c := counter{h: 2, w: 2}
	c.conv(reference.Conv1)
	c.dense(reference.Dense1)
	want = 24 + 24 // The first convolution, and a normalisation of it.
	for layer := int64(1); layer < 12; layer++ {
		want += 2 * (24 + 12*layer) // What the layer before returns, and a normalisation of it.
	}
	want += 2 * (24 + 12*12)
	if c.Kept != 4*want || c.channels != 24+12*12 {
		t.Errorf("a block of DenseNet-40-12: got %d values for a pixel and %d channels, want %d and %d", c.Kept/4, c.channels, want, 24+12*12)
	}
}
