// The activations that follow a batch normalisation.
#ifndef TORCHBRIDGE_ACTIVATION_H
#define TORCHBRIDGE_ACTIVATION_H

namespace bridge {

// Activation has the numbers of bridge.h. Quick GELU is x·σ(1.702·x), which Hendrycks and Gimpel (2016, section 2) give
// for the Gaussian error linear unit.
enum class Activation : int { kRelu = 0, kQuickGelu = 1, kNone = 2 };

}  // namespace bridge
#endif
