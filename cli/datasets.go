package cli

import (
	"errors"
	"fmt"
	"strings"

	"augmix/data"
	"augmix/run"
)

// smallSide is the side, in pixels, of the images of the datasets that are no
// folders.
const smallSide = 32

// images declares the flags about image files.
func (g *group) images(c *run.Config, which string) {
	g.imageFiles(c, which)
	g.text(&c.OnBadSample, "on-bad-sample", "error|skip", checkOnBadSample, "imagenet, folder: an image that cannot be read ends the "+
		"command (error, the default), or is passed over and listed (skip), at most 0.01 % of them (at least 1)")
}

// imageFiles declares the flags about how image files become images.
func (g *group) imageFiles(c *run.Config, which string) {
	g.integer(&c.ImageSize, "image-size", 8, 4096, "side of the images in pixels (default: 224 of imagenet and folder; the others have 32)")
	g.toggle(&c.FastDecode, "fast-decode", "imagenet, folder: decode the "+which+" at a reduced size where they are made smaller still: "+
		"faster, and other pixels than Pillow's")
}

func checkOnBadSample(s string) error {
	if s != "error" && s != "skip" {
		return errors.New("give error or skip")
	}
	return nil
}

// checkImages refuses flags about image files for a dataset that has none, and
// completes the others.
func checkImages(c *run.Config) error {
	if data.IsFolder(c.Dataset) {
		if c.ImageSize == 0 {
			c.ImageSize = data.DefaultImageSize
		}
		return nil
	}
	if c.ImageSize != 0 && c.ImageSize != smallSide {
		return usage("--image-size %d: the images of %s are %d×%d pixels; leave it out, or use --dataset imagenet or folder",
			c.ImageSize, c.Dataset, smallSide, smallSide)
	}
	if c.FastDecode {
		return usage("--fast-decode is about image files, of which %s has none; leave it out, or use --dataset imagenet or folder", c.Dataset)
	}
	if c.OnBadSample == "skip" {
		return usage("--on-bad-sample skip is about image files, of which %s has none; leave it out", c.Dataset)
	}
	c.ImageSize = 0 // The dataset's own, as in the files of runs before there was a choice.
	return nil
}

// evalBatchSize is how many images are evaluated at once where the flags do not
// say. The predictions do not depend on it. The reference's 1000 of small images
// are 65 MB of activations in a layer of 16 channels: of ResNet-20 on 8,000 images
// two cores with 32 MB of cache are busy for 12.7 s with 1000, 9.0 s with 200 and
// 10.3 s with 64 (bench eval --eval-batch-size). Large ones need more memory each.
// A GPU wants more at once, to be busy; its device must have been decided.
func evalBatchSize(c run.Config, dataset string) int {
	cuda := strings.HasPrefix(c.Device, "cuda")
	switch {
	case c.EvalBatchSize > 0:
		return c.EvalBatchSize
	case data.IsFolder(dataset) && cuda:
		return 256
	case cuda:
		return 1000
	case data.IsFolder(dataset):
		return 64
	}
	return 200
}

// openData opens one split of the dataset that c names, limited to n images unless
// n is 0.
func openData(c run.Config, split string, n int, log *progress) (data.Dataset, error) {
	set, err := openWhole(c, split, log)
	if err != nil {
		return nil, err
	}
	spread := data.SortedByClass(set)
	if n > 0 && n < set.Len() {
		log.say("using %s of %s's %s split", limited(n, set), c.Dataset, split)
	}
	return data.Subset(set, n, spread), nil
}

func openWhole(c run.Config, split string, log *progress) (data.Dataset, error) {
	if !data.IsFolder(c.Dataset) {
		return data.Open(c.Dataset, c.Data, split)
	}
	folder, err := data.OpenFolder(c.Dataset, c.Data, split, data.FolderOptions{ImageSize: c.ImageSize, FastDecode: c.FastDecode})
	if err != nil {
		return nil, err
	}
	for _, note := range folder.Notes() {
		log.say("%s", note)
	}
	return folder, nil
}

// limited says which n images of a set data.Subset takes.
func limited(n int, set data.Dataset) string {
	if data.SortedByClass(set) {
		return fmt.Sprintf("%d of the %d images, one in %d,", n, set.Len(), set.Len()/n)
	}
	return fmt.Sprintf("the first %d of the %d images", n, set.Len())
}
