package benchmark

import (
	"context"
	"maps"
	"testing"

	"augmix/data"
)

// TestPerturbationsAreTheSetsMadeOnTheFly writes both layouts with one worker and with
// several, and reads them back.
func TestPerturbationsAreTheSetsMadeOnTheFly(t *testing.T) {
	for layout, set := range map[string]data.Dataset{
		arrays: shapes(t, 70), folders: photographs(t, "1.jpg", "2.jpg"),
	} {
		o := Options{Clean: set, Names: []string{"shot_noise_2", "translate", "spatter"}, Workers: 1, Dir: t.TempDir()}
		r, err := WritePerturbations(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		if want := (31 + 16 + 31) * set.Len(); r.Made != want || r.Manifest.Layout != layout || r.Manifest.Severities != nil {
			t.Errorf("got %d frames as %s, want %d as %s", r.Made, r.Manifest.Layout, want, layout)
		}
		want := contents(t, o.Dir)
		p, err := data.OpenPartP(o.Dir, set, data.Part{Images: set.Len()})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range o.Names {
			made, err := Perturbed(set, name, o.Making)
			if err != nil {
				t.Fatal(err)
			}
			written, err := p.Sequences(name, made.Frames())
			if err != nil {
				t.Fatal(err)
			}
			sameImages(t, name, written, made)
		}
		o.Workers, o.Dir = 4, t.TempDir()
		if _, err := WritePerturbations(context.Background(), o); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(contents(t, o.Dir), want) {
			t.Errorf("%s: four workers wrote other files than one", layout)
		}
		w, h, _ := set.Size()
		if got, want := r.Manifest.Source("tilt"), o.Making.SequenceSource(w, h); got != want {
			t.Errorf("%s: got the source %q, want %q", layout, got, want)
		}
	}
}
