package variadic_test

import (
	"testing"

	"github.com/wangkuiyi/gotorch/variadic"
)

func TestOptions(t *testing.T) {
	opts := []map[string]any{{"dim": 1}, nil, {"dim": 2, "keepDim": false, "none": nil}}
	for _, c := range []struct {
		key  string
		want any
		ok   bool
	}{{"dim", 1, true}, {"keepDim", false, true}, {"none", nil, true}, {"Dim", nil, false}} {
		if got, ok := variadic.Lookup(opts, c.key); got != c.want || ok != c.ok {
			t.Errorf("Lookup %q: got %v, %v, want %v, %v", c.key, got, ok, c.want, c.ok)
		}
		if got := variadic.Has(opts, c.key); got != c.ok {
			t.Errorf("Has %q: got %v, want %v", c.key, got, c.ok)
		}
		if got := variadic.Get(opts, c.key); got != c.want {
			t.Errorf("Get %q: got %v, want %v", c.key, got, c.want)
		}
		want := c.want
		if !c.ok {
			want = 7
		}
		if got := variadic.Get(opts, c.key, 7); got != want {
			t.Errorf("Get %q with a default: got %v, want %v", c.key, got, want)
		}
	}
	if variadic.Has(nil, "dim") {
		t.Error("no options have a key")
	}
}
