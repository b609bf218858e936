// Command parity makes AugMix views for given images and draws, so that pillow.py can compare them with Pillow's.
//
// Standard input: a JSON object with "Images", a list of 32×32 RGB images (rows without padding, in base64), and "Cases",
// a list of {"Image": index, "Draws": augmix.Draws}. Standard output: for each case 32·32·3 float32 numbers in [0, 1],
// little-endian.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"

	"augmix/augmix"
	"augmix/pixel"
)

const side = 32

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "parity:", err)
		os.Exit(1)
	}
}

func run() error {
	var given struct {
		Images [][]byte
		Cases  []struct {
			Image int
			Draws augmix.Draws
		}
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return fmt.Errorf("standard input: %w", err)
	}
	mixer := augmix.NewMixer(augmix.Default)
	src := pixel.New(side, side, 3)
	view := make([]float32, len(src.Pix))
	out := bufio.NewWriter(os.Stdout)
	for i, c := range given.Cases {
		if c.Image < 0 || c.Image >= len(given.Images) || len(given.Images[c.Image]) != len(src.Pix) {
			return fmt.Errorf("case %d: there is no image %d of %d bytes", i, c.Image, len(src.Pix))
		}
		copy(src.Pix, given.Images[c.Image])
		mixer.Apply(view, src, c.Draws)
		if err := binary.Write(out, binary.LittleEndian, view); err != nil {
			return err
		}
	}
	return out.Flush()
}
