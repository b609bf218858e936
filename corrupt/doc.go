// Package corrupt makes the common corruptions of Hendrycks and Dietterich,
// "Benchmarking Neural Network Robustness to Common Corruptions and
// Perturbations" (ICLR 2019), as their published generator does: constants and
// formulas are those of hendrycks/robustness, ImageNet-C/create_c. Where a
// corruption draws no random number the bytes are those of the published
// CIFAR-10-C; a random one is seeded here, which the original is not.
//
// A result depends on the image, the corruption's name, the severity and the
// stream of random numbers, never on who computes it.
package corrupt
