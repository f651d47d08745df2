"""Our network, and how it takes over what EfficientNet-Lite0 has learnt from ImageNet."""

from functools import partial

import torch
from torch import Tensor, nn
from torchvision.ops import Conv2dNormActivation

from models.architectures.base_cnn import BaseCNN
from models.card import IMAGENET_MEAN, IMAGENET_STD

LITE0 = "tf_efficientnet_lite0"
"""In timm: the network whose first stages ours has."""
_NORM = partial(nn.BatchNorm2d, eps=1e-3)  # as Lite0 has it: some of its variances are almost 0
_LAYER = partial(Conv2dNormActivation, norm_layer=_NORM, activation_layer=nn.ReLU6)


class InvertedResidual(nn.Module):
    """Six times as many channels, each filtered by itself, then few again; beside an identity
    where the shape stays (Sandler et al. 2018, MobileNetV2, figure 4d)."""

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


class CropShieldCNN(BaseCNN):
    """The first stages of EfficientNet-Lite0 (Tan and Le 2019, without gates), so that its
    filters fit, and one layer more. 0.50 GMAC a photo of 256 pixels.

    But the sixth is half as deep and keeps the resolution: a cell of 16 x 16 can lie on a lesion,
    one of 8 x 8 is larger than most.
    """

    def __init__(self, classes: int) -> None:
        super().__init__(
            nn.Sequential(
                _LAYER(3, 32, stride=2),
                _LAYER(32, 32, groups=32),
                _LAYER(32, 16, kernel_size=1, activation_layer=None),
            ),
            stage(16, 24, layers=2, kernel=3, stride=2),
            stage(24, 40, layers=2, kernel=5, stride=2),
            nn.Sequential(
                stage(40, 80, layers=3, kernel=3, stride=2),
                stage(80, 112, layers=3, kernel=5),
                stage(112, 192, layers=2, kernel=5),
                _LAYER(192, 192, kernel_size=1),
            ),
            classes=classes,
        )
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight)


@torch.no_grad()
def from_efficientnet_lite(lite0: nn.Module) -> CropShieldCNN:
    """Our network with the filters of `lite0`, timm's, in its stages; what follows them by chance,
    for two classes.

    Lite0 pads an even side at its end where it is halved, ours at its beginning, so the filters
    are turned by 180 degrees: on a turned photo they give the same maps, turned, up to the sixth
    stage. It takes photos in [-1, 1], ours by mean and deviation of ImageNet, as on our cards.
    """
    model = CropShieldCNN(classes=2)
    mine, its = (
        [part for part in network.modules() if isinstance(part, (nn.Conv2d, nn.BatchNorm2d))]
        for network in (model, lite0)
    )
    for part, known in zip(mine[:-2], its, strict=False):  # what follows the stages is our own
        part.load_state_dict(known.state_dict())
        if isinstance(part, nn.Conv2d):
            part.weight.copy_(part.weight.flip(-1, -2))
    _take_normalised(model)
    return model


def _take_normalised(model: CropShieldCNN) -> None:
    """(x - mean) / deviation in the place of 2 x - 1, where x is a photo in [0, 1]."""
    shared = model.block1[0].state_dict()
    filters, middle = shared["0.weight"], shared["1.running_mean"]
    mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    middle -= filters.sum((2, 3)) @ (2 * mean - 1)
    filters *= 2 * deviation[:, None, None]
