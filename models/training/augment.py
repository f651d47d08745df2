"""What a photo may look like in the field, and what a network must not learn from."""

import io
import random

import torch
from PIL import Image
from torch import nn
from torchvision.transforms import v2

from models.catalog import Preprocessing


class Resample(nn.Module):
    """Down to a third at the least and up again: the sharpness of another camera."""

    def forward(self, photo: Image.Image) -> Image.Image:
        scale = random.uniform(0.33, 0.9)
        small = (max(8, int(photo.width * scale)), max(8, int(photo.height * scale)))
        return photo.resize(small, Image.Resampling.BILINEAR).resize(
            photo.size, random.choice([Image.Resampling.BILINEAR, Image.Resampling.NEAREST])
        )


class JpegGrain(nn.Module):
    """Saved as JPEG once more, at a quality of 25 to 95."""

    def forward(self, photo: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        photo.save(buffer, "JPEG", quality=random.randint(25, 95))
        return Image.open(buffer)


def normalise(preprocessing: Preprocessing) -> list[nn.Module]:
    """PIL image -> float32 (3, h, w), normalised as the card says."""
    return [
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(list(preprocessing.mean), list(preprocessing.std)),
    ]


def training_transform(preprocessing: Preprocessing, size: int) -> v2.Compose:
    """Random crop, flips, light, sharpness and JPEG grain; the grain of some classes is a
    shortcut in this data, and so is its even light."""
    return v2.Compose(
        [
            v2.RandomResizedCrop(size, scale=(0.35, 1.0), ratio=(0.6, 1.67), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(),
            v2.RandomApply([v2.RandomRotation(35)], p=0.3),
            v2.RandomApply([v2.ColorJitter(0.45, 0.4, 0.4, 0.05)], p=0.8),
            v2.RandomApply([Resample()], p=0.3),
            v2.RandomApply([v2.GaussianBlur(5, (0.1, 1.6))], p=0.2),
            v2.RandomApply([JpegGrain()], p=0.6),
            *normalise(preprocessing),
            v2.RandomErasing(p=0.2, scale=(0.02, 0.15)),
        ]
    )


def validation_transform(preprocessing: Preprocessing, size: int | None = None) -> v2.Compose:
    """The whole photo, stretched to a square: what the model is given when it serves."""
    side = size or preprocessing.size
    return v2.Compose([v2.Resize((side, side), antialias=True), *normalise(preprocessing)])


def mixing(classes: int) -> v2.Transform:
    """CutMix (Yun et al. 2019) or mixup (Zhang et al. 2018) for a third of the batches."""
    mixes = [v2.CutMix(num_classes=classes), v2.MixUp(alpha=0.2, num_classes=classes)]
    return v2.RandomChoice([*mixes, v2.Identity()], p=[0.2, 0.15, 0.65])
