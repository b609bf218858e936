package ranks

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestExpandNodeList(t *testing.T) {
	for list, want := range map[string]string{
		"a1":                "a1",
		"a[01-04,07],b3":    "a01 a02 a03 a04 a07 b3",
		"node-1.cluster":    "node-1.cluster",
		"gpu[8-11]":         "gpu8 gpu9 gpu10 gpu11",
		"r[1-2]n[08-09]x":   "r1n08x r1n09x r2n08x r2n09x",
		"[3,5-6]":           "3 5 6",
		"a[007]":            "a007",
		"a[098-101],b,c[1]": "a098 a099 a100 a101 b c1",
	} {
		got, err := ExpandNodeList(list)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, %v, want %s", list, got, err, want)
		}
	}
	for _, list := range []string{
		"", ",", "a,", "a,,b", "a[", "a]", "a[1", "a[[1]]", "a[1]]", "a[]", "a[1,]", "a[2-1]", "a[1-2-3]", "a[x]", "a[-1]", "a[01-4]",
		"a b", "a;b", "a[0-999999999]", "a[0-300]b[0-300]", "a[18446744073709551615-18446744073709551616]", "é",
	} {
		if got, err := ExpandNodeList(list); err == nil {
			t.Errorf("%s: got %q, want an error", list, got)
		}
	}
}

// An expanded list is a list of itself, whatever was read.
func FuzzExpandNodeList(f *testing.F) {
	for _, seed := range []string{"a[01-04,07],b3", "r[1-2]n[08-09]", "", "a[", "a]", "a[0-99999999999]", "[,]", "a[1-2][3-4]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		hosts, err := ExpandNodeList(list)
		if err != nil {
			return
		}
		if len(hosts) == 0 || len(hosts) > maxHosts {
			t.Fatalf("%q: %d hosts", list, len(hosts))
		}
		again, err := ExpandNodeList(strings.Join(hosts, ","))
		if err != nil || !slices.Equal(hosts, again) {
			t.Fatalf("%q gives %q, which gives %q, %v", list, hosts, again, err)
		}
	})
}

func ExampleExpandNodeList() {
	hosts, _ := ExpandNodeList("a[01-03],b3")
	fmt.Println(hosts)
	// Output: [a01 a02 a03 b3]
}
