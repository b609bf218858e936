// Command signs writes the signs of a Fourier map, for scripts/parity/fourier.py:
//
//	signs SIDE IMAGES >signs
//
// One byte a sign, 1 or 255 (-1): for each frequency of the half spectrum, rows from -(SIDE-1)/2 and columns from 0, for
// each image three.
package main

import (
	"bufio"
	"log"
	"os"
	"strconv"

	"augmix/eval"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("signs: ")
	if len(os.Args) != 3 {
		log.Fatal("want SIDE IMAGES")
	}
	side, err1 := strconv.Atoi(os.Args[1])
	images, err2 := strconv.Atoi(os.Args[2])
	if err1 != nil || err2 != nil || side < 1 || side%2 == 0 || images < 1 {
		log.Fatal("want an odd SIDE and a number of IMAGES")
	}
	w := bufio.NewWriter(os.Stdout)
	reach := (side - 1) / 2
	for row := -reach; row <= reach; row++ {
		for column := range reach + 1 {
			for i := range images {
				for _, sign := range eval.FourierSigns(eval.Frequency{Row: row, Column: column}, i, 3) {
					if err := w.WriteByte(byte(int8(sign))); err != nil {
						log.Fatal(err)
					}
				}
			}
		}
	}
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
}
