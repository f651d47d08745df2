"""From a photo to the input of a network: the card's preprocessing, in torch."""

from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms import v2

from models.cards.card import Preprocessing
from pictures.decoding.in_memory import upright_rgb


def normalise(preprocessing: Preprocessing) -> list[nn.Module]:
    """PIL image -> float32 (3, h, w), normalised as the card says."""
    return [
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(list(preprocessing.mean), list(preprocessing.std)),
    ]


def validation_transform(preprocessing: Preprocessing, size: int | None = None) -> v2.Compose:
    """The whole photo stretched to a square: the input as for serving.

    PIL images of any mode are turned as their EXIF says; tensors are taken as they are.
    """
    side = size or preprocessing.size
    steps = [UprightRGB(), v2.Resize((side, side), antialias=True), *normalise(preprocessing)]
    return v2.Compose(steps)


class UprightRGB(nn.Module):
    """A PIL image -> upright, in RGB, on white; anything else stays as it is."""

    def forward(self, image: Any) -> Any:
        return upright_rgb(image) if isinstance(image, Image.Image) else image


class Normalised(nn.Module):
    """float32 (N, 3, h, w) in [0, 1] -> normalised as the card says."""

    mean: Tensor
    std: Tensor

    def __init__(self, preprocessing: Preprocessing) -> None:
        super().__init__()
        for name in ("mean", "std"):
            values = torch.tensor(getattr(preprocessing, name)).view(1, 3, 1, 1)
            self.register_buffer(name, values, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std
