"""From a photo to what a model is given; the same numbers as in training."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.transforms import v2

from engine.device import unwrap
from models.card import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from models.preprocessing import validation_transform
from pictures.colormaps import Pixels

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "get_model_transforms",
    "get_validation_transforms",
    "prepare",
]


def get_validation_transforms(
    image_size: int = 224,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
) -> v2.Compose:
    """PIL image (RGB) -> float32 (3, size, size): stretched, antialiased, normalised."""
    channels = {"mean": tuple(mean), "std": tuple(std)}
    return validation_transform(Preprocessing.model_validate({"size": image_size, **channels}))


def get_model_transforms(model: nn.Module) -> v2.Compose:
    """As `get_validation_transforms`, with size, mean and deviation of the card that `model` was
    loaded by; for a model without one, those of ImageNet at 224 pixels."""
    return validation_transform(getattr(unwrap(model), "preprocessing", Preprocessing()))


def stretch(pixels: Pixels, size: int) -> Pixels:
    """The whole photo in a square, uint8 (size, size, 3): bilinear and antialiased."""
    resized = Image.fromarray(pixels).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(resized)


def prepare(photos: Sequence[Pixels], preprocessing: Preprocessing) -> Tensor:
    """A batch, float32 (N, 3, size, size) in channels_last order, on the CPU.

    photos: uint8 (h, w, 3) RGB of any sizes. The numbers are `get_validation_transforms`'.
    """
    std = np.asarray(preprocessing.std, np.float32)
    shift = np.asarray(preprocessing.mean, np.float32) / std
    squares = [stretch(pixels, preprocessing.size) for pixels in photos]
    batch = np.stack(squares).astype(np.float32)
    batch *= np.float32(1 / 255) / std
    batch -= shift
    return torch.from_numpy(batch).permute(0, 3, 1, 2)
