"""The networks and the loss that the Go program is compared with.

Written from the published definitions: wide residual networks (Zagoruyko and
Komodakis 2016, arXiv 1605.07146) with the state-dict names, the shortcut and
the initialisation of google-research/augmix; the same repository's AllConv
(Springenberg et al. 2014, arXiv 1412.6806), DenseNet (Huang et al. 2017, arXiv
1608.06993) and ResNeXt (Xie et al. 2017, arXiv 1611.05431); CIFAR residual
networks with parameter-free shortcuts (He et al. 2015, arXiv 1512.03385, option
A) with the names of akamaster/pytorch_resnet_cifar10; torchvision's ResNet-18
and 50, as they are or with MaxBlurPool (Zhang 2019, arXiv 1904.11486); the
Jensen-Shannon consistency loss of AugMix (Hendrycks et al. 2020, arXiv
1912.02781).

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


def fan_out(net):
    """Initialises as all of the reference's CIFAR networks are."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            kh, kw = module.kernel_size
            nn.init.normal_(module.weight, 0, math.sqrt(2 / (kh * kw * module.out_channels)))
        elif isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)


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
        fan_out(self)

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


class QuickGELU(nn.Module):
    """x * sigmoid(1.702 x)."""

    def forward(self, x):
        return torch.sigmoid(1.702 * x) * x


class AllConv(nn.Module):
    """The all-convolutional network for 32x32 images."""

    def __init__(self, classes=formula.CLASSES):
        super().__init__()
        layers, c_in = [], 3
        pool = "pool"
        for plan in [(96, 3, 1)] * 3 + [pool] + [(192, 3, 1)] * 3 + [pool, (192, 3, 0), (192, 1, 1), (192, 1, 1)]:
            if plan == pool:
                layers += [nn.MaxPool2d(2), nn.Dropout(0.5)]
                continue
            c_out, kernel, padding = plan
            layers += [nn.Conv2d(c_in, c_out, kernel, padding=padding), nn.BatchNorm2d(c_out), QuickGELU()]
            c_in = c_out
        # The 1x1 convolutions grow the image to 10x10; the pooling reads its top-left 8x8.
        layers.append(nn.AvgPool2d(8))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(192, classes)
        fan_out(self)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class DenseLayer(nn.Module):
    """Appends growth channels to x, with a bottleneck or without."""

    def __init__(self, c_in, growth, bottleneck):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(c_in)
        self.bottleneck = bottleneck
        if bottleneck:
            self.conv1 = nn.Conv2d(c_in, 4 * growth, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(4 * growth)
            self.conv2 = _conv3(4 * growth, growth)
        else:
            self.conv1 = _conv3(c_in, growth)

    def forward(self, x):
        out = self.conv1(F.relu(self.bn1(x), inplace=True))
        if self.bottleneck:
            out = self.conv2(F.relu(self.bn2(out), inplace=True))
        return torch.cat((x, out), 1)


class DenseTransition(nn.Module):
    """Mixes the channels and halves the image."""

    def __init__(self, c_in, c_out):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(c_in)
        self.conv1 = nn.Conv2d(c_in, c_out, 1, bias=False)

    def forward(self, x):
        return F.avg_pool2d(self.conv1(F.relu(self.bn1(x), inplace=True)), 2)


class DenseNet(nn.Module):
    """DenseNet-BC of depth 100, or the reference's of depth 40; growth rate 12."""

    def __init__(self, variant="bc", classes=formula.CLASSES):
        super().__init__()
        bottleneck, growth = variant == "bc", 12
        depth, layers_a_block = (100, 16) if bottleneck else (40, 12)
        channels = 2 * growth
        self.conv1 = _conv3(3, channels)
        for block in (1, 2, 3):
            layers = []
            for _ in range(layers_a_block):
                layers.append(DenseLayer(channels, growth, bottleneck))
                channels += growth
            setattr(self, f"dense{block}", nn.Sequential(*layers))
            if block < 3:
                out = channels // 2 if bottleneck else channels
                setattr(self, f"trans{block}", DenseTransition(channels, out))
                channels = out
        self.bn1 = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels, classes)
        fan_out(self)

    def forward(self, x):
        x = self.trans1(self.dense1(self.conv1(x)))
        x = self.dense3(self.trans2(self.dense2(x)))
        return self.fc(F.avg_pool2d(F.relu(self.bn1(x), inplace=True), 8).flatten(1))


class ResNeXtBlock(nn.Module):
    """A bottleneck whose 3x3 convolution is grouped."""

    def __init__(self, c_in, planes, stride, cardinality, base_width):
        super().__init__()
        width = planes * base_width // 64 * cardinality
        self.conv_reduce = nn.Conv2d(c_in, width, 1, bias=False)
        self.bn_reduce = nn.BatchNorm2d(width)
        self.conv_conv = nn.Conv2d(width, width, 3, stride, 1, groups=cardinality, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.conv_expand = nn.Conv2d(width, 4 * planes, 1, bias=False)
        self.bn_expand = nn.BatchNorm2d(4 * planes)
        self.downsample = None
        if stride != 1 or c_in != 4 * planes:
            self.downsample = nn.Sequential(nn.Conv2d(c_in, 4 * planes, 1, stride, bias=False),
                                            nn.BatchNorm2d(4 * planes))

    def forward(self, x):
        out = F.relu(self.bn_reduce(self.conv_reduce(x)), inplace=True)
        out = F.relu(self.bn(self.conv_conv(out)), inplace=True)
        out = self.bn_expand(self.conv_expand(out))
        return F.relu((x if self.downsample is None else self.downsample(x)) + out, inplace=True)


class ResNeXt(nn.Module):
    """ResNeXt-29 for 32x32 images."""

    def __init__(self, cardinality=4, base_width=32, classes=formula.CLASSES):
        super().__init__()
        self.conv_1_3x3 = _conv3(3, 64)
        self.bn_1 = nn.BatchNorm2d(64)
        c_in = 64
        for stage, planes in enumerate((64, 128, 256), 1):
            blocks = []
            for block in range(3):
                stride = 2 if stage > 1 and block == 0 else 1
                blocks.append(ResNeXtBlock(c_in, planes, stride, cardinality, base_width))
                c_in = 4 * planes
            setattr(self, f"stage_{stage}", nn.Sequential(*blocks))
        self.classifier = nn.Linear(c_in, classes)
        fan_out(self)
        nn.init.kaiming_normal_(self.classifier.weight)

    def forward(self, x):
        x = F.relu(self.bn_1(self.conv_1_3x3(x)), inplace=True)
        x = self.stage_3(self.stage_2(self.stage_1(x)))
        return self.classifier(F.avg_pool2d(x, 8).flatten(1))


class BlurPool(nn.Module):
    """Blurs each channel by [1 3 3 1] in both directions, stride 2."""

    def __init__(self, channels):
        super().__init__()
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        self.register_buffer("filt", torch.outer(taps, taps).expand(channels, 1, 4, 4).contiguous())

    def forward(self, x):
        return F.conv2d(F.pad(x, (1, 2, 1, 2), mode="reflect"), self.filt, stride=2, groups=x.shape[1])


def vision_resnet(depth, pool="max", classes=formula.CLASSES):
    """Returns torchvision's ResNet-18 or 50; blurred where pool is maxblurpool.

    Each stride of 2 but the first convolution's goes to a blur before the
    convolution that follows, or that had it in a shortcut.
    """
    import torchvision  # Here: no other network needs it, and not every machine with torch has it.

    net = getattr(torchvision.models, f"resnet{depth}")(num_classes=classes)
    if pool == "max":
        return net
    net.maxpool = nn.Sequential(nn.MaxPool2d(2, 1), BlurPool(64))
    last = "conv3" if depth == 50 else "conv2"
    for stage in (net.layer2, net.layer3, net.layer4):
        block = stage[0]
        strided, after = (block.conv2, block.conv3) if depth == 50 else (block.conv1, block.conv2)
        strided.stride = (1, 1)
        setattr(block, last, nn.Sequential(BlurPool(strided.out_channels), after))
        shortcut, norm = block.downsample
        shortcut.stride = (1, 1)
        block.downsample = nn.Sequential(BlurPool(shortcut.in_channels), shortcut, norm)
    return net


def load_formula(net, bn_bias=0):
    """Overwrites every parameter and buffer of net by the formula's."""
    state = net.state_dict()
    for name, value in state.items():
        if name.endswith("filt"):
            continue  # BlurPool's filter is part of its definition.
        wanted = formula.tensor(name, tuple(value.shape), bn_bias)
        state[name] = torch.from_numpy(np.ascontiguousarray(wanted)).to(value.dtype)
    net.load_state_dict(state, strict=True)
    return net


def batch(name, count, normalize, size=32):
    """Returns the formula's batch of square images, normalised, as float32 NCHW."""
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in normalize)
    x = torch.from_numpy(formula.pixels(name, count, size, size)).permute(0, 3, 1, 2).contiguous()
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
