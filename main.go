// Augmix trains image classifiers with AugMix and measures how robust they are. Run `augmix help` for its commands.
package main

import (
	"os"
	"runtime"

	"augmix/cli"
)

// One goroutine, on one thread, owns libtorch: thread settings and the no-grad state are the thread's.
func init() { runtime.LockOSThread() }

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
