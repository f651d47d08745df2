"""From a photo to what a model is given; the same numbers as in training."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.transforms import v2

from engine.device import unwrap
from engine.photos.prepare import prepare
from models.cards.card import Preprocessing
from models.cards.imagenet import IMAGENET_MEAN, IMAGENET_STD
from models.networks.preprocessing import validation_transform
from pictures.pixels import Pixels

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "get_model_transforms",
    "get_validation_transforms",
    "prepare_tensor",
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


def prepare_tensor(photos: Sequence[Pixels], preprocessing: Preprocessing) -> Tensor:
    """A batch, float32 (N, 3, size, size) in channels_last order, on the CPU; see `prepare`."""
    return torch.from_numpy(prepare(photos, preprocessing))
