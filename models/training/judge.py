"""Figures of a model on a folder of labelled photos."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader


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


@torch.inference_mode()
def confusion_on(
    model: nn.Module, photos: DataLoader[tuple[Tensor, Tensor]], classes: int
) -> Tensor:
    """The confusion matrix of `model` over a loader of (input, label) batches."""
    device = next(model.parameters()).device
    model.eval()
    pairs = [(y, model(x.to(device)).argmax(1).cpu()) for x, y in photos]
    truth, predicted = (torch.cat(column) for column in zip(*pairs, strict=True))
    return confusion_matrix(truth, predicted, classes)
