package corrupt_test

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"augmix/corrupt"
	"augmix/pixel"
	"augmix/weights"
)

// testData returns the folder of the data for tests.
func testData() string {
	if dir := os.Getenv("AUGMIX_TEST_DATA"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "shared", "data")
}

// cifarTest returns CIFAR-10's test images and skips the test where they are not.
func cifarTest(t *testing.T) []*pixel.Image {
	t.Helper()
	path := filepath.Join(testData(), "cifar-10-batches-py", "test_batch")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs the data of CIFAR-10: %v; AUGMIX_TEST_DATA names the folder that holds cifar-10-batches-py", err)
	}
	batch, err := weights.ReadCIFARBatch(path)
	if err != nil {
		t.Fatal(err)
	}
	const n = 32 * 32
	images := make([]*pixel.Image, len(batch.Labels))
	for i := range images {
		images[i] = pixel.New(32, 32, 3)
		planes := batch.Data[i*3*n : (i+1)*3*n]
		for j := range n {
			for c := range 3 {
				images[i].Pix[3*j+c] = planes[c*n+j]
			}
		}
	}
	return images
}

// header is what NumPy writes in front of a version 1.0 array of 8-bit numbers
// (numpy.lib.format): padded with spaces to 128 bytes.
func header(shape string) []byte {
	text := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': %s, }", shape)
	const before = len("\x93NUMPY\x01\x00v\x00")
	return []byte("\x93NUMPY\x01\x00v\x00" + text + strings.Repeat(" ", 128-before-len(text)-1) + "\n")
}

// corruptAll returns the images at one severity, one after another, computed by so
// many goroutines that take every so-many-th image.
func corruptAll(t testing.TB, name string, images []*pixel.Image, severity, workers int) []byte {
	size := len(images[0].Pix)
	out := make([]byte, len(images)*size)
	var wg sync.WaitGroup
	for worker := range workers {
		c, err := corrupt.New(name, images[0].W)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			for i := worker; i < len(images); i += workers {
				dst := *images[i]
				dst.Pix = out[i*size : (i+1)*size]
				r := corrupt.Stream(name, 0, severity, i)
				c.Apply(&dst, images[i], severity, &r)
			}
		})
	}
	wg.Wait()
	return out
}

// TestPublished makes the files of CIFAR-10-C that draw no random numbers and
// compares their MD5 with the published ones (Zenodo record 2535967, whole .npy
// files, the header included).
func TestPublished(t *testing.T) {
	images := cifarTest(t)
	for _, c := range []struct{ name, md5 string }{
		{"brightness", "0a81ef75e0b523c3383219c330a85d48"},
		{"contrast", "3c8262171c51307f916c30a3308235a8"},
		{"pixelate", "0f14f7e2db14288304e1de10df16832f"},
		{"defocus_blur", "7d1322666342a0702b1957e92f6254bc"},
		{"saturate", "1cfae0964219c5102abbb883e538cc56"},
		{"gaussian_blur", "c33370155bc9b055fb4a89113d3c559d"},
		{"zoom_blur", "6ea8e63f1c5cdee1517533840641641b"},
		{"jpeg_compression", "b59326bf95455417c259800e78412012"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sum := md5.New()
			sum.Write(header("(50000, 32, 32, 3)"))
			for severity := 1; severity <= corrupt.Severities; severity++ {
				sum.Write(corruptAll(t, c.name, images, severity, runtime.GOMAXPROCS(0)))
			}
			if got := hex.EncodeToString(sum.Sum(nil)); got != c.md5 {
				t.Errorf("got %s, want %s", got, c.md5)
			}
		})
	}
}
