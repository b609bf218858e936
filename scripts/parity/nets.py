"""The networks and the loss that the Go program is compared with.

Written from the published definitions: wide residual networks (Zagoruyko and
Komodakis 2016, arXiv 1605.07146) with the state-dict names, the shortcut and
the initialisation of google-research/augmix; CIFAR residual networks with
parameter-free shortcuts (He et al. 2015, arXiv 1512.03385, option A) with the
names of akamaster/pytorch_resnet_cifar10; the Jensen-Shannon consistency loss
of AugMix (Hendrycks et al. 2020, arXiv 1912.02781).

All networks take float32 NCHW images that are already normalised.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import formula

JSD_WEIGHT = 12

HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def _conv3(c_in, c_out, stride=1):
    return nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)


class WideBlock(nn.Module):
    """A pre-activation block: x + conv(relu(bn(conv(relu(bn(x))))))."""

    def __init__(self, c_in, c_out, stride, dropout):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(c_in)
        self.conv1 = _conv3(c_in, c_out, stride)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.conv2 = _conv3(c_out, c_out)
        self.conv_shortcut = None
        if c_in != c_out:
            self.conv_shortcut = nn.Conv2d(c_in, c_out, 1, stride, bias=False)
        self.dropout = dropout

    def forward(self, x):
        active = F.relu(self.bn1(x), inplace=True)
        out = F.relu(self.bn2(self.conv1(active)), inplace=True)
        if self.dropout > 0:
            out = F.dropout(out, self.dropout, self.training)
        out = self.conv2(out)
        # The reference's projection reads relu(bn1(x)), not x; the identity,
        # which needs equal channels, reads x whatever the stride.
        if self.conv_shortcut is not None:
            return self.conv_shortcut(active) + out
        return x + out


class WideStage(nn.Module):
    """A run of blocks; the first changes the channels and the stride."""

    def __init__(self, blocks, c_in, c_out, stride, dropout):
        super().__init__()
        self.layer = nn.Sequential(
            WideBlock(c_in, c_out, stride, dropout),
            *(WideBlock(c_out, c_out, 1, dropout) for _ in range(blocks - 1)),
        )

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    """WRN-depth-widen for 32x32 images."""

    def __init__(self, depth, widen, dropout=0.0, classes=formula.CLASSES):
        super().__init__()
        if (depth - 4) % 6 != 0:
            raise ValueError(f"depth {depth} is not 6n+4")
        blocks = (depth - 4) // 6
        a, b, c = 16 * widen, 32 * widen, 64 * widen
        self.conv1 = _conv3(3, 16)
        self.block1 = WideStage(blocks, 16, a, 1, dropout)
        self.block2 = WideStage(blocks, a, b, 2, dropout)
        self.block3 = WideStage(blocks, b, c, 2, dropout)
        self.bn1 = nn.BatchNorm2d(c)
        self.fc = nn.Linear(c, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                kh, kw = module.kernel_size
                nn.init.normal_(module.weight, 0, math.sqrt(2 / (kh * kw * module.out_channels)))
            elif isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        x = F.avg_pool2d(F.relu(self.bn1(x), inplace=True), 8)
        return self.fc(x.flatten(1))


class ResidualBlock(nn.Module):
    """A post-activation block whose shortcut has no parameters."""

    def __init__(self, c_in, c_out, stride):
        super().__init__()
        self.conv1 = _conv3(c_in, c_out, stride)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = _conv3(c_out, c_out)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.pad = (c_out // 4) if c_in != c_out else 0

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.pad:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(out + x)


class ResNet(nn.Module):
    """ResNet-20, 32, 44 or 56 for 32x32 images."""

    def __init__(self, depth, classes=formula.CLASSES):
        super().__init__()
        if depth not in (20, 32, 44, 56):
            raise ValueError(f"depth {depth} is not 20, 32, 44 or 56")
        blocks = (depth - 2) // 6
        self.conv1 = _conv3(3, 16)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._stage(blocks, 16, 16, 1)
        self.layer2 = self._stage(blocks, 16, 32, 2)
        self.layer3 = self._stage(blocks, 32, 64, 2)
        self.linear = nn.Linear(64, classes)
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight)

    @staticmethod
    def _stage(blocks, c_in, c_out, stride):
        return nn.Sequential(
            ResidualBlock(c_in, c_out, stride),
            *(ResidualBlock(c_out, c_out, 1) for _ in range(blocks - 1)),
        )

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def load_formula(net, bn_bias=0):
    """Overwrites every parameter and buffer of net by the formula's."""
    state = net.state_dict()
    for name, value in state.items():
        wanted = formula.tensor(name, tuple(value.shape), bn_bias)
        state[name] = torch.from_numpy(np.ascontiguousarray(wanted)).to(value.dtype)
    net.load_state_dict(state, strict=True)
    return net


def batch(name, count, normalize):
    """Returns the formula's batch, normalised, as float32 NCHW."""
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in normalize)
    x = torch.from_numpy(formula.pixels(name, count)).permute(0, 3, 1, 2).contiguous()
    return (x - mean) / std


def augmix_loss(logits, targets):
    """Returns (cross-entropy of the first view, JS divergence, their sum).

    logits has the shape [views * B, classes], view-major; targets [B]. The sum
    weighs the divergence by JSD_WEIGHT. The mixture is clamped to [1e-7, 1]
    and gradients flow through it.
    """
    views = logits.split(len(targets))
    ce = F.cross_entropy(views[0], targets)
    p = [F.softmax(v, dim=1) for v in views]
    log_mixture = (sum(p) / len(p)).clamp(1e-7, 1).log()
    js = sum(F.kl_div(log_mixture, q, reduction="batchmean") for q in p) / len(p)
    return ce, js, ce + JSD_WEIGHT * js
