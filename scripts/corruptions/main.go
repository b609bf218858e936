// Command corruptions applies one corruption to images, for scripts/parity/corruptions.py:
//
//	corruptions NAME SEVERITY SEED SIDE TABLE FROST <clean >corrupted
//
// Images are RGB, SIDE pixels square, one after another without any header. TABLE
// is the size for which the constants are, FROST the folder of the original's
// textures. The processor time that an image took is written to the standard error,
// in milliseconds.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"syscall"

	"augmix/corrupt"
	"augmix/pixel"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("corruptions: ")
	if len(os.Args) != 7 {
		log.Fatal("want NAME SEVERITY SEED SIDE TABLE FROST")
	}
	var numbers [4]int
	for i := range numbers {
		n, err := strconv.Atoi(os.Args[2+i])
		if err != nil {
			log.Fatal(err)
		}
		numbers[i] = n
	}
	clean, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	if err := run(os.Args[1], numbers[0], uint64(numbers[1]), numbers[2], numbers[3], os.Args[6], clean); err != nil {
		log.Fatal(err)
	}
}

func run(name string, severity int, seed uint64, side, table int, frost string, clean []byte) error {
	c, err := corrupt.New(name, table)
	if name == "frost" && err == nil {
		var textures []*pixel.Image
		if textures, err = corrupt.ReadFrost(frost); err == nil {
			c, err = corrupt.NewFrost(table, textures)
		}
	}
	if err != nil {
		return err
	}
	src, dst := pixel.New(side, side, 3), pixel.New(side, side, 3)
	size := len(src.Pix)
	if len(clean)%size != 0 || len(clean) == 0 {
		return fmt.Errorf("%d bytes are not whole images of %d", len(clean), size)
	}
	// Tables are made by the first image, which is not timed.
	r := corrupt.Stream(name, seed, severity, 0)
	copy(src.Pix, clean)
	c.Apply(dst, src, severity, &r)
	var out bytes.Buffer
	out.Grow(len(clean))
	before := processorTime()
	for i := range len(clean) / size {
		copy(src.Pix, clean[i*size:])
		r := corrupt.Stream(name, seed, severity, i)
		c.Apply(dst, src, severity, &r)
		out.Write(dst.Pix)
	}
	fmt.Fprintln(os.Stderr, (processorTime()-before)/float64(len(clean)/size))
	_, err = out.WriteTo(os.Stdout)
	return err
}

// processorTime returns what this process has used, in milliseconds.
func processorTime() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		log.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}
