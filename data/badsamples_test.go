package data

import (
	"errors"
	"slices"
	"testing"
)

func TestBadSamples(t *testing.T) {
	d := numbered(100)
	var reported []BadSample
	report := func(b BadSample) error { reported = append(reported, b); return nil }
	b := NewBadSamples(3, []BadSample{{File: "image 7 of numbered"}}, report)
	damaged := &Error{Kind: Invalid, Path: "a.jpg", Reason: "damaged", Err: errors.New("no table"), Remedy: "Remove it."}
	batches := [][]Bad{{{0, 7, errRotten}, {1, 8, errRotten}}, {{0, 8, errRotten}}, nil, {{3, 9, damaged}}}
	for _, batch := range batches {
		if err := b.Add(d, batch); err != nil {
			t.Fatal(err)
		}
	}
	want := []BadSample{{"image 8 of numbered", "the file is rotten"}, {"image 9 of numbered", "damaged: no table"}}
	if !slices.Equal(reported, want) || b.Len() != 3 {
		t.Errorf("got %v and %d in all, want %v and 3", reported, b.Len(), want)
	}
	err := b.Add(d, []Bad{{0, 10, damaged}})
	wantError(t, "one too many", err, Invalid, "image 10 of numbered", "number 4", "at most 3", "damaged: no table")
	if len(reported) != 3 {
		t.Error("the sample that is one too many is not reported")
	}

	full := errors.New("disk full")
	b = NewBadSamples(3, nil, func(BadSample) error { return full })
	if err := b.Add(d, []Bad{{0, 1, errRotten}}); err != full {
		t.Errorf("got %v, want the report's error", err)
	}
}

func TestBadLimit(t *testing.T) {
	for n, want := range map[int]int{1: 1, 9999: 1, 20_000: 2, 1_281_167: 128} {
		if got := BadLimit(n); got != want {
			t.Errorf("of %d samples: got %d, want %d", n, got, want)
		}
	}
}
