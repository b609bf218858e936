package nets

import "github.com/wangkuiyi/gotorch/nn"

// Cost is what one image costs a network, by its layers' shapes.
type Cost struct {
	// MultiplyAdds are those of convolutions and fully connected layers in a forward pass. Training takes about three times
	// as many, and each multiply-add counts as two floating-point operations.
	MultiplyAdds int64
	// Kept is how many values of activations backward needs, and so training holds: the outputs of convolutions,
	// normalisations and sums. In bf16 a value has two bytes, in float32 four.
	Kept int64
}

// Cost returns what an image of w×h pixels costs.
func (n *Net) Cost(w, h int) Cost {
	c := &counter{h: int64(h), w: int64(w)}
	n.Body.count(c)
	return c.Cost
}

// counter follows an image through a network's layers.
type counter struct {
	Cost
	channels, h, w int64 // Of the image between two layers.
}

func (c *counter) keep() { c.Kept += c.channels * c.h * c.w }

func outputSize(in, kernel, stride, padding int64) int64 { return (in+2*padding-kernel)/stride + 1 }

// conv counts a convolution, and its output as kept: a normalisation or a sum reads it.
func (c *counter) conv(m *nn.Conv2dModule) {
	c.h, c.w = outputSize(c.h, m.KernelSize, m.Stride, m.Padding), outputSize(c.w, m.KernelSize, m.Stride, m.Padding)
	c.channels = m.OutChannels
	c.MultiplyAdds += c.channels * c.h * c.w * m.InChannels / m.Groups * m.KernelSize * m.KernelSize
	c.keep()
}

// act counts a normalisation with its activation, whose output the next convolution reads.
func (c *counter) act() { c.keep() }

// pool counts a pooling.
func (c *counter) pool(kernel, stride, padding int64) {
	c.h, c.w = outputSize(c.h, kernel, stride, padding), outputSize(c.w, kernel, stride, padding)
	c.keep()
}

// layer counts a layer of a chain. A blur is a convolution, but with constants: libraries do not count it.
func (c *counter) layer(l layer) {
	switch l := l.(type) {
	case *nn.Conv2dModule:
		c.conv(l)
	case *nn.BatchNorm2dModule:
		c.act()
	case *maxPool:
		c.pool(l.kernel, l.stride, l.padding)
	case *blurPool:
		c.h, c.w = (c.h+1)/2, (c.w+1)/2
		c.keep()
	case *chain:
		for _, l := range l.Layers {
			c.layer(l)
		}
	}
}

// beside counts a shortcut, which begins where `from` stood, and goes on where c stands.
func (c *counter) beside(from counter, shortcut layer) {
	side := from
	side.Cost = Cost{}
	side.layer(shortcut)
	c.MultiplyAdds += side.MultiplyAdds
	c.Kept += side.Kept
}

func (c *counter) linear(m *nn.LinearModule) { c.MultiplyAdds += m.InFeatures * m.OutFeatures }

func (w *WRN) count(c *counter) {
	c.conv(w.Conv1)
	for _, s := range []*wrnStage{w.Block1, w.Block2, w.Block3} {
		for _, b := range s.Layer {
			c.act()
			from := *c
			c.conv(b.Conv1)
			c.act()
			c.conv(b.Conv2) // Its output becomes the sum.
			if b.ConvShortcut != nil {
				c.beside(from, b.ConvShortcut)
			}
		}
	}
	c.act()
	c.linear(w.FC)
}

func (r *ResNet) count(c *counter) {
	c.conv(r.Conv1)
	c.act()
	for _, stage := range [][]*resBlock{r.Layer1, r.Layer2, r.Layer3} {
		for _, b := range stage {
			c.conv(b.Conv1)
			c.act()
			c.conv(b.Conv2)
			c.act()
		}
	}
	c.linear(r.Linear)
}

func (a *AllConv) count(c *counter) {
	for _, m := range a.Features {
		switch m := m.(type) {
		case *nn.Conv2dModule:
			c.conv(m)
		case *nn.BatchNorm2dModule:
			c.act()
		case *maxPoolDropout:
			c.pool(2, 2, 0)
			c.act()
		}
	}
	c.linear(a.Classifier)
}

func (d *DenseNet) count(c *counter) {
	c.conv(d.Conv1)
	c.dense(d.Dense1)
	c.conv(d.Trans1.Conv1)
	c.pool(2, 2, 0)
	c.dense(d.Dense2)
	c.conv(d.Trans2.Conv1)
	c.pool(2, 2, 0)
	c.dense(d.Dense3)
	c.linear(d.FC)
}

// dense counts a block and the normalisation of its output.
func (c *counter) dense(layers []*denseLayer) {
	for _, l := range layers {
		channels := c.channels
		c.act()
		c.conv(l.Conv1)
		if l.Conv2 != nil {
			c.act()
			c.conv(l.Conv2)
		}
		c.Kept -= c.channels * c.h * c.w // Copied behind the layer's input, and then let go.
		c.channels += channels
		c.keep()
	}
	c.act()
}

func (r *ResNeXt) count(c *counter) {
	c.conv(r.Conv1)
	c.act()
	for _, stage := range [][]*resNeXtBlock{r.Stage1, r.Stage2, r.Stage3} {
		for _, b := range stage {
			from := *c
			c.conv(b.ConvReduce)
			c.act()
			c.conv(b.ConvConv)
			c.act()
			c.conv(b.ConvExpand)
			if b.Downsample != nil {
				c.beside(from, b.Downsample)
			}
			c.act()
		}
	}
	c.linear(r.Classifier)
}

func (r *VisionResNet) count(c *counter) {
	c.conv(r.Conv1)
	c.act()
	c.layer(r.MaxPool)
	for _, stage := range [][]*visionBlock{r.Layer1, r.Layer2, r.Layer3, r.Layer4} {
		for _, b := range stage {
			from := *c
			c.conv(b.Conv1)
			c.act()
			c.layer(b.Conv2)
			if b.Conv3 != nil {
				c.act()
				c.layer(b.Conv3)
			}
			if b.Downsample != nil {
				c.beside(from, b.Downsample)
			}
			c.act()
		}
	}
	c.linear(r.FC)
}
