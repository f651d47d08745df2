"""Network architectures, by the name that a card uses: ours, and those of two libraries."""

import warnings
from collections.abc import Callable
from typing import Any

import torchvision
from torch import Tensor, nn

from models.cropshield_lite import LITE0, CropShieldLite, knowing
from models.faults import did_you_mean


def conv_norm(cin: int, cout: int, stride: int = 1) -> nn.Sequential:
    """A 3 x 3 convolution and its batch norm; the pair folds into one convolution."""
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel_size=3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(cout),
    )


class ResidualUnit(nn.Module):
    """Two 3 x 3 convolutions beside an identity (He et al. 2016, figure 2)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.reduce = conv_norm(channels, hidden)
        self.expand = conv_norm(hidden, channels)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.relu(x + self.expand(self.relu(self.reduce(x))))
        return y


def block(cin: int, cout: int, hidden: tuple[int, ...] = ()) -> nn.Sequential:
    """Halve height and width, then one residual unit for each width in `hidden`."""
    units = (ResidualUnit(cout, width) for width in hidden)
    return nn.Sequential(conv_norm(cin, cout, stride=2), nn.ReLU(), *units)


class CropShieldCNN(nn.Module):
    """Four blocks, each halving the resolution, then mean pooling and one linear layer.

    Input (N, 3, 224, 224) float32, normalised; `block4` gives (N, 192, 14, 14);
    output logits (N, classes). 0.57 GMAC a photo. Plain 3 x 3 convolutions throughout:
    per multiplication they ran two to three times as fast on a CPU as depthwise ones.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.block1 = block(3, 32)
        self.block2 = block(32, 48, hidden=(24,))
        self.block3 = block(48, 96, hidden=(96,))
        self.block4 = block(96, 192, hidden=(192, 192))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(192, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.block4(self.block3(self.block2(self.block1(x))))
        logits: Tensor = self.classifier(self.dropout(self.pool(x).flatten(1)))
        return logits


Builder = Callable[[int], nn.Module]


def _torchvision(name: str) -> Builder:
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise ValueError(f"torchvision has no classifier {name!r}{did_you_mean(name, known)}")

    def build(classes: int) -> nn.Module:
        with warnings.catch_warnings():  # of two networks, about weights that are loaded anyway
            warnings.simplefilter("ignore", FutureWarning)
            network: nn.Module = torchvision.models.get_model(
                name, weights=None, num_classes=classes
            )
        return network

    return build


def _timm(name: str) -> Builder:
    try:
        import timm
    except ImportError as error:
        raise ValueError(f"timm:{name} needs timm: pip install 'cropshield[timm]'") from error
    known = timm.list_models()
    if name.partition(".")[0] not in known:
        raise ValueError(f"timm has no classifier {name!r}{did_you_mean(name, known)}")
    return lambda classes: _timm_network(name, num_classes=classes)


OURS: dict[str, Builder] = {
    "cropshield_cnn": CropShieldCNN,
    "cropshield_lite": CropShieldLite,
}
LIBRARIES: dict[str, Callable[[str], Builder]] = {"torchvision": _torchvision, "timm": _timm}
SHORT = {name: f"torchvision:{name}" for name in ("resnet18", "efficientnet_b0")}


def build(architecture: str, classes: int) -> nn.Module:
    """A freshly initialised network: one of OURS or SHORT, `torchvision:NAME` or `timm:NAME`.

    Raises ValueError for an unknown architecture, or one whose library is not installed.
    """
    library, name = _split(architecture)
    if library in LIBRARIES and name:
        return LIBRARIES[library](name)(classes)
    if architecture not in OURS:
        known = ", ".join([*OURS, *SHORT, *(f"{library}:NAME" for library in LIBRARIES)])
        raise ValueError(f"unknown architecture {architecture!r}; known are {known}")
    return OURS[architecture](classes)


def published(architecture: str) -> nn.Module:
    """The network with the weights that its library publishes, mostly of ImageNet and its 1000
    classes; `cropshield_lite` with those of EfficientNet-Lite0, but for its last layers.
    Downloaded once, then kept where the library keeps them.

    Raises ValueError where none are published, OSError where they cannot be had.
    """
    build(architecture, 2)  # for its errors
    library, name = _split(architecture)
    network: nn.Module
    if library == "torchvision":
        network = torchvision.models.get_model(name, weights="DEFAULT")
    elif library == "timm":
        network = _timm_network(name, pretrained=True)
    elif library == "cropshield_lite":
        _timm(LITE0)  # for its errors
        network = knowing(_timm_network(LITE0, pretrained=True))
    else:
        raise ValueError(f"nobody publishes weights of {architecture}")
    return network


def _timm_network(name: str, **wanted: Any) -> nn.Module:
    import timm

    try:
        network: nn.Module = timm.create_model(name, **wanted)
    except RuntimeError as error:  # timm's word for a tag or weights that there are not
        raise ValueError(str(error)) from error
    return network


def _split(architecture: str) -> tuple[str, str]:
    """Library and name; all of it is the first where it has no library."""
    library, _, name = SHORT.get(architecture, architecture).partition(":")
    return library, name
