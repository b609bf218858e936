// Package benchmark makes corruption and perturbation benchmarks from clean images:
// as data sets whose images are made when they are read, and as folders of files in
// the published layouts, which hold the same images.
//
// A folder has a manifest.json that says how it was made. Each of its files appears
// whole or not at all, and one that is there is not made again, so that a call that
// was interrupted is repeated to go on. Nothing depends on the number of workers.
package benchmark
