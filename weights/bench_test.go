package weights

import (
	"io"
	"os"
	"path/filepath"
	"testing"
)

// benchFile is about the size of WRN-40-2 with its momentum: 18 MB.
func benchFile() *File {
	f := &File{}
	for i := range 450 {
		f.Tensors = append(f.Tensors, Tensor{"layer." + string(rune(0x100+i)), F32, []int64{10_000}, make([]byte, 40_000)})
	}
	return f
}

func BenchmarkWrite(b *testing.B) {
	f := benchFile()
	for _, c := range []struct {
		name  string
		write func(io.Writer, *File) error
	}{{"safetensors", WriteSafetensors}, {"torch", WriteTorch}} {
		b.Run("format="+c.name, func(b *testing.B) {
			b.SetBytes(450 * 40_000)
			for b.Loop() {
				if err := c.write(io.Discard, f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	safetensors := filepath.Join(b.TempDir(), "f.safetensors")
	if err := os.WriteFile(safetensors, encode(b, benchFile()), 0o600); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, path string }{
		{"safetensors", safetensors},
		{"torch", filepath.Join("testdata", "module.pt")},
		{"legacy", dataFolder(b, "checkpoints", "resnet20-12fca82f.th")},
	} {
		b.Run("format="+c.name, func(b *testing.B) {
			info, err := os.Stat(c.path)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(info.Size())
			for b.Loop() {
				if _, err := Read(c.path); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReadCIFARBatch(b *testing.B) {
	path := dataFolder(b, "cifar-10-batches-py", "test_batch")
	b.SetBytes(10_000 * cifarPixels)
	for b.Loop() {
		if _, err := ReadCIFARBatch(path); err != nil {
			b.Fatal(err)
		}
	}
}
