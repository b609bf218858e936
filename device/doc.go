// Package device is where a program computes: on the CPU, or on one CUDA device. There it queues everything on one stream,
// brings batches from page-locked memory on a second one while the device computes, and replays work that repeats itself
// as captured graphs. On the CPU all of it comes down to calling functions.
//
// One goroutine, locked to its thread, owns the device.
package device
