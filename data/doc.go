// Package data holds the datasets, the order in which they are visited, and the
// pipeline of goroutines that turns samples into batches.
//
// Datasets: CIFAR-10 and CIFAR-100 in both published layouts, and shapes, a small
// procedural set that needs no file. Every file is checked against its published
// digest before a pixel of it is used, and every complaint about a file is an
// *Error. Folders of photographs, such as ImageNet, are listed as torchvision lists
// them, and become images of one size by its transforms, bit for bit.
//
// Benchmarks made of the test images are read in their published layouts: CIFAR-10-C
// and -P through NumPy's .npy format, which this package reads strictly and also
// writes, ImageNet-C from folders or from the archives that it is published in,
// ImageNet-P from videos or folders of frames. Package fetch downloads them.
//
// Nothing here knows about tensors: a pipeline writes into memory that its caller
// provides.
package data
