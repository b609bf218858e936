package cli

import (
	"slices"
	"testing"
)

// TestVersionText checks versions against how their libraries number them: CUDA by cudaRuntimeGetVersion, cuDNN from 9 on
// and NCCL from 2.9 on by ten thousands.
func TestVersionText(t *testing.T) {
	for _, c := range []struct {
		version int
		units   []int
		want    string
	}{
		{13000, []int{1000, 10}, "13.0"},
		{12080, []int{1000, 10}, "12.8"},
		{91900, []int{10000, 100, 1}, "9.19.0"},
		{22809, []int{10000, 100, 1}, "2.28.9"},
		{0, []int{10000, 100, 1}, ""},
	} {
		if got := versionText(c.version, c.units...); got != c.want {
			t.Errorf("%d: got %q, want %q", c.version, got, c.want)
		}
	}
}

// TestDeviceRows checks what doctor says of devices that this machine need not have.
func TestDeviceRows(t *testing.T) {
	for _, c := range []struct {
		found devices
		want  []row
	}{
		{devices{NoCUDA: "this build has no CUDA"}, []row{{"device", "cpu (this build has no CUDA)"}}},
		{
			devices{Build: true, Runtime: "13.0", Driver: "13.1", NCCL: "2.28.9",
				CUDA: []cudaDevice{{"H100", "9.0", 85e9}, {"A100", "8.0", 42.4e9}}},
			[]row{
				{"device", "cuda:0, H100, capability 9.0, 85.0 GB"},
				{"", "cuda:1, A100, capability 8.0, 42.4 GB"},
				{"CUDA", "runtime 13.0, driver's 13.1, cuDNN none, NCCL 2.28.9"},
			},
		},
	} {
		if got := c.found.rows(); !slices.EqualFunc(got, c.want, slices.Equal[row]) {
			t.Errorf("%+v: got %q, want %q", c.found, got, c.want)
		}
	}
}
