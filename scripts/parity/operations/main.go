// Command operations applies single AugMix operations to images, so that pillow.py can compare them with Pillow's.
//
// Standard input: records of seven little-endian numbers, width, height, channels, fill, the operation's index and whether it
// is negated (uint32 each) and the level (float64), then the image's bytes, rows without padding. Standard output: for each
// the result's bytes, at once.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"augmix/augmix"
	"augmix/pixel"
)

// record is what stands before an image.
type record struct {
	W, H, C, Fill, Op, Negative uint32
	Level                       float64
}

func main() {
	if err := run(bufio.NewReader(os.Stdin), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "parity:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	for {
		var r record
		if err := binary.Read(in, binary.LittleEndian, &r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		if r.W-1 >= 1<<15 || r.H-1 >= 1<<15 || r.C != 1 && r.C != 3 || r.Fill > 255 || int(r.Op) >= len(augmix.Operations) {
			return fmt.Errorf("standard input: a record of %+v", r)
		}
		src := pixel.New(int(r.W), int(r.H), int(r.C))
		if _, err := io.ReadFull(in, src.Pix); err != nil {
			return fmt.Errorf("standard input: an image of %d bytes: %w", len(src.Pix), err)
		}
		cfg := augmix.Default
		cfg.Fill = uint8(r.Fill)
		dst := pixel.New(src.W, src.H, src.C)
		augmix.NewMixer(cfg).Chain(dst, src, []augmix.Step{{Op: int(r.Op), Level: r.Level, Negative: r.Negative != 0}})
		if _, err := out.Write(dst.Pix); err != nil {
			return err
		}
	}
}
