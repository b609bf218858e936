package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	torch "github.com/wangkuiyi/gotorch"
)

func versionCommand() command {
	return command{
		name: "version", summary: "prints the versions of augmix, Go and libtorch",
		setup: func(*flags) func(*call) error {
			return func(c *call) error {
				_, err := fmt.Fprintln(c.stdout, version())
				return err
			}
		},
	}
}

func version() string {
	return fmt.Sprintf("augmix %s (%s, libtorch %s)", programVersion(), runtime.Version(), torch.Version())
}

// stamped is the version that the linker writes into a program that is not built in a
// clone (scripts/dist.sh).
var stamped string

// programVersion is what the Go command stamped into the executable: of a clone,
// the commit.
func programVersion() string {
	if stamped != "" {
		return stamped
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
