// Package data holds the datasets, the order in which they are visited, and the
// pipeline of goroutines that turns samples into batches.
//
// Datasets: CIFAR-10 and CIFAR-100 in both published layouts, and shapes, a small
// procedural set that needs no file. Every file is checked against its published
// digest before a pixel of it is used, and every complaint about a file is an
// *Error. The published layout of CIFAR-10-C is read through NumPy's .npy format,
// which this package reads strictly and also writes. Folders of photographs, such
// as ImageNet, are listed as torchvision lists them, and become images of one size
// by its transforms, bit for bit.
//
// Nothing here knows about tensors: a pipeline writes into memory that its caller
// provides.
package data
