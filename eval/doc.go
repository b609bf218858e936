// Package eval measures checkpoints: clean and corrupted test sets, each with
// error, likelihood and calibration.
package eval
