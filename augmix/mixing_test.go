package augmix

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"testing"

	"augmix/pixel"
)

// TestMixingEqualsReference applies draws recorded while the reference's own
// operations ran (testdata/mixing.py) and compares the views.
func TestMixingEqualsReference(t *testing.T) {
	const tolerance = 1e-6
	text, err := os.ReadFile("testdata/mixing.json")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/mixing.bin")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Side, Width int
			Kind        string
			Draws       Draws
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatalf("testdata/mixing.json: %v", err)
	}
	if len(golden.Cases) != 24 {
		t.Fatalf("testdata/mixing.json has %d cases, want 24", len(golden.Cases))
	}
	mixer := NewMixer(Default)
	var largest float64
	for i, c := range golden.Cases {
		src := pixel.New(c.Side, c.Side, 3)
		data = data[copy(src.Pix, data):]
		got := make([]float32, len(src.Pix))
		mixer.Apply(got, src, c.Draws)
		for j := range got {
			want := math.Float32frombits(binary.LittleEndian.Uint32(data[4*j:]))
			diff := math.Abs(float64(got[j]) - float64(want))
			largest = max(largest, diff)
			if !(diff <= tolerance) {
				t.Fatalf("case %d (%s, %v): value %d: got %v, want %v", i, c.Kind, c.Draws, j, got[j], want)
			}
		}
		data = data[4*len(got):]
	}
	if len(data) != 0 {
		t.Errorf("testdata/mixing.bin has %d bytes more than the cases need", len(data))
	}
	t.Logf("largest difference %.2g", largest)
}
