"""Metrics of a model on a folder of labelled photos."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models.training.augmentation.augment import to_float_planes
from models.training.data.array_cache import Array

BATCH = 64


@dataclass(frozen=True)
class Scores:
    """`accuracy` and `macro_f1` in [0, 1]; macro over the classes that the folder holds."""

    accuracy: float
    macro_f1: float
    photos: int


def confusion_matrix(truth: Tensor, predicted: Tensor, classes: int) -> Tensor:
    """Counts, int64 (classes, classes): rows are the truth, columns the predictions."""
    return torch.bincount(truth * classes + predicted, minlength=classes**2).view(classes, classes)


def score(confusion: Tensor) -> Scores:
    """Accuracy and macro-F1 of a confusion matrix."""
    hits, truth = confusion.diagonal().double(), confusion.sum(1).double()
    f1 = 2 * hits / (truth + confusion.sum(0)).clamp(min=1)
    total = int(truth.sum())
    return Scores(float(hits.sum() / total), float(f1[truth > 0].mean()), total)


def mean_scores(folders: Collection[Scores]) -> Scores:
    """The mean over folders, however many photos each has; and the number of all photos."""
    count = len(folders)
    return Scores(
        sum(folder.accuracy for folder in folders) / count,
        sum(folder.macro_f1 for folder in folders) / count,
        sum(folder.photos for folder in folders),
    )


@torch.inference_mode()
def confusion_of(model: nn.Module, pixels: Array, labels: Tensor, classes: int) -> Tensor:
    """The confusion matrix of `model`, which takes float32 (N, 3, s, s) in [0, 1], over photos
    uint8 (n, s, s, 3)."""
    device = next(model.parameters()).device
    model.eval()
    found = []
    for start in range(0, len(pixels), BATCH):
        batch = torch.from_numpy(np.array(pixels[start : start + BATCH])).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            found.append(model(to_float_planes(batch)).argmax(1).cpu())
    return confusion_matrix(labels, torch.cat(found), classes)
