// Command photographs decodes and resizes image files, so that photographs.py can compare the results with Pillow's.
//
// Standard input: a JSON list of {"Path": file, "Rectangles": [[x, y, w, h], …]}. Standard output, for each file: width
// and height as 32-bit numbers, width·height·3 bytes of RGB, 224·224·3 bytes for each rectangle resized, and 224·224·3
// float32 numbers in [0, 1] of the evaluation transform, rows first, channels last; all little-endian.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"augmix/pixel"
	"augmix/pixel/imagefile"
)

const side = 224

type file struct {
	Path       string
	Rectangles [][4]int
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "photographs:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	var files []file
	if err := json.NewDecoder(in).Decode(&files); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	var r imagefile.Reader
	defer r.Close()
	w := bufio.NewWriter(out)
	for _, f := range files {
		if err := write(w, &r, f); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return w.Flush()
}

func write(out io.Writer, r *imagefile.Reader, f file) error {
	data, err := r.ReadFile(f.Path)
	if err != nil {
		return err
	}
	var whole, region pixel.Image
	var resizer pixel.Resizer
	if err := r.Decode(&whole, data); err != nil {
		return err
	}
	small := pixel.New(side, side, 3)
	parts := []any{[2]int32{int32(whole.W), int32(whole.H)}, whole.Pix}
	for _, c := range f.Rectangles {
		if err := r.Region(&region, data, c[0], c[1], c[2], c[3]); err != nil {
			return err
		}
		resizer.Resize(small, &region, pixel.Bilinear)
		parts = append(parts, small.Clone().Pix)
	}
	resizer.ResizeCrop(small, &whole, 256, pixel.Bilinear)
	centre := make([]float32, len(small.Pix))
	pixel.Float32s(centre, small)
	for _, p := range append(parts, centre) {
		if err := binary.Write(out, binary.LittleEndian, p); err != nil {
			return err
		}
	}
	return nil
}
