"""The least time that a training step can take, by the bytes and the operations of its layers.

Every figure is derived from the layers' shapes, not measured. A step is the
forward and backward pass over the views of a batch; each kernel takes the longer
of its arithmetic, at 989 TFLOP/s (bf16, dense), and its traffic, at 3.35 TB/s:
the data sheet of an H100 SXM. Traffic is counted in bf16, each tensor read or
written once a kernel: a batch normalisation reads or writes its tensor 3 times
forward and 5 times backward, an activation 2 and 3 times, an addition 3 and 3.
`fused` takes normalisation, activation and addition as one kernel each way.
"""

H100_BYTES, H100_FLOPS = 3.35e12, 989e12


class Roof:
    """A network's step: milliseconds on an H100, for a batch of so many clean images in three views."""

    def __init__(self, batch, size, tflop, gigabytes, compute, eager, fused, kernels, parameters):
        self.batch, self.size = batch, size
        self.tflop, self.gigabytes = tflop, gigabytes  # of a step; the bytes of the unfused one
        self.compute, self.eager, self.fused = compute, eager, fused  # ms
        self.kernels = kernels  # launched in an unfused step
        self.parameters = parameters

    def milliseconds(self, batch, size, bandwidth=H100_BYTES, flops=H100_FLOPS, fused=False):
        """Returns the roof of another batch and GPU: traffic scales with the bandwidth, and arithmetic bounds it below."""
        share = batch / self.batch * (size / self.size) ** 2
        traffic = self.fused if fused else self.eager
        return share * max(traffic * H100_BYTES / bandwidth, self.compute * H100_FLOPS / flops)

    def gradient_bytes(self):
        """Returns the bytes of the float32 gradients."""
        return 4 * self.parameters


ROOFS = {
    # batch, size, TFLOP and GB a step; ms of compute, eager, fused; kernels; parameters
    "wrn": Roof(128, 32, 0.754, 12.2, 0.76, 3.74, 2.78, 382, 2_243_546),
    "allconv": Roof(128, 32, 0.926, 12.6, 0.94, 4.21, 2.01, 147, 1_409_674),
    "resnext": Roof(128, 32, 2.467, 56.7, 2.49, 17.0, 12.8, 295, 6_807_882),
    "densenet": Roof(128, 32, 0.663, 73.3, 0.67, 21.9, 17.0, 1043, 769_162),
    "densenet-reference": Roof(128, 32, 0.651, 43.4, 0.66, 13.0, 10.2, 467, 1_059_298),
    "resnet50": Roof(256, 224, 18.66, 364, 18.9, 113, 86, 507, 25_557_032),
}


def peak_bandwidth(memory_clock_khz, bus_width_bits):
    """Returns bytes a second by what the driver says of the memory, which transfers twice a clock."""
    return 2 * memory_clock_khz * 1e3 * bus_width_bits / 8
