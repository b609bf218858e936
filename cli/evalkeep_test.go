package cli

import (
	"strings"
	"testing"

	"augmix/run"
)

// What measures more stays, part by part, as long as both are of one checkpoint in one precision.
func TestJoinEvaluations(t *testing.T) {
	clean := func(n int, folder string) run.Evaluation {
		return run.Evaluation{Dataset: "shapes", Precision: "fp32", Checkpoints: []string{folder + "/step-1.safetensors"}, N: n, Clean: &run.Scores{Error: float64(n)}}
	}
	with := func(e run.Evaluation, sequences, mapped int) run.Evaluation {
		if sequences > 0 {
			e.Perturbation = &run.Perturbation{Sequences: sequences, ByPerturbation: map[string]run.PerturbationScores{"tilt": {}}}
		}
		if mapped > 0 {
			e.Fourier = &run.FourierMap{N: mapped, Side: 3}
		}
		return e
	}
	alone := func(sequences, mapped int) run.Evaluation {
		e := with(clean(1000, "a"), sequences, mapped)
		e.Clean = nil
		return e
	}
	other := func(e run.Evaluation) run.Evaluation {
		e.Precision = "bf16"
		return e
	}
	for _, test := range []struct {
		name                      string
		before, after             run.Evaluation
		images, sequences, mapped int
		kept                      string
	}{
		{"perturbations are added", clean(100, "a"), alone(50, 0), 100, 50, 0, ""},
		{"a map is added", with(clean(100, "a"), 50, 0), alone(0, 20), 100, 50, 20, ""},
		{"clean images are added", alone(50, 20), clean(100, "b"), 100, 50, 20, ""},
		{"all is replaced", with(clean(100, "a"), 50, 20), with(clean(100, "a"), 50, 20), 100, 50, 20, ""},
		{"more replaces less", with(clean(100, "a"), 50, 20), with(clean(200, "a"), 60, 30), 200, 60, 30, ""},
		{"less replaces nothing", with(clean(100, "a"), 50, 20), with(clean(10, "a"), 5, 2), 100, 50, 20, "clean and corrupted images, perturbations, Fourier map"},
		{"part by part", with(clean(100, "a"), 5, 20), with(clean(10, "a"), 50, 0), 100, 50, 20, "clean and corrupted images"},
		{"another precision, more", with(clean(100, "a"), 50, 20), other(clean(200, "a")), 200, 0, 0, ""},
		{"another precision, less", with(clean(100, "a"), 50, 20), other(with(clean(10, "a"), 60, 30)), 100, 50, 20, "clean and corrupted images"},
	} {
		got, kept := join(test.before, test.after)
		if images(got) != test.images || sequences(got) != test.sequences || disturbed(got) != test.mapped*9 || strings.Join(kept, ", ") != test.kept {
			t.Errorf("%s: got %d images, %d sequences, %d of the map and %v kept, want %d, %d, %d and %s", test.name,
				images(got), sequences(got), disturbed(got)/9, kept, test.images, test.sequences, test.mapped, test.kept)
		}
	}
	moved := clean(100, "a")
	moved.Checkpoints = []string{"a/step-2.safetensors"}
	if got, _ := join(with(clean(100, "a"), 50, 20), moved); got.Perturbation != nil {
		t.Error("the perturbations of another checkpoint were joined")
	}
}
