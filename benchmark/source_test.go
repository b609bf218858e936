package benchmark

import (
	"testing"

	"augmix/pixel"
)

func TestGeneratedSource(t *testing.T) {
	textures := []*pixel.Image{pixel.New(300, 300, 3)}
	for _, c := range []struct {
		name  string
		w, h  int
		frost []*pixel.Image
		want  string
	}{
		{"fog", 32, 32, nil, "generated (seed 0)"},
		{"fog", 32, 32, textures, "generated (seed 0)"},
		{"fog", 96, 96, nil, "generated (seed 0, constants for 64 pixels)"},
		{"fog", 224, 256, nil, "generated (seed 0, constants for 224 pixels)"},
		{"frost", 224, 224, nil, "generated (seed 0, own frost textures)"},
		{"frost", 48, 48, textures, "generated (seed 0, constants for 32 pixels, given frost textures)"},
	} {
		if got := (Making{Frost: c.frost}).Source(c.name, c.w, c.h); got != c.want {
			t.Errorf("%s at %d×%d: got %q, want %q", c.name, c.w, c.h, got, c.want)
		}
	}
}
