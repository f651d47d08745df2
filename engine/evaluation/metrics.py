"""Metrics of a classifier from its confidences: pure functions of tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import torch
from torch import Tensor

from models.training.metrics import confusion_matrix, score
from models.verdicts.reliability import Bools, expected_calibration_error
from models.verdicts.verdict import VERDICTS, Verdict


@dataclass(frozen=True)
class ClassMetrics:
    """Precision, recall and F1 in [0, 1]; `support`: photos of the class."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class ClassificationMetrics:
    """`classes`: those with photos, the worst first. `confusion`: counts over all classes of the
    model, rows are the truth. `confident`: the share of answers that are reliable;
    `confident_right`: the share of these that is right, 1 where there are none."""

    photos: int
    accuracy: float
    macro_f1: float
    ece: float
    classes: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]
    confident: float
    confident_right: float

    def of_card(self) -> dict[str, float]:
        """What a card records."""
        names = ("accuracy", "macro_f1", "ece", "confident", "confident_right")
        return {name: round(getattr(self, name), 4) for name in names} | {"photos": self.photos}


def classification_metrics(
    confidences: Tensor,
    labels: Tensor,
    names: Sequence[str],
    verdicts: Sequence[Verdict] = (),
) -> ClassificationMetrics:
    """Metrics of photos with `confidences` float32 (n, classes) in [0, 1], and `labels` int64 (n,).

    Without `verdicts` every answer counts as confident.
    """
    confidence, best = confidences.max(dim=1)
    relied = torch.tensor(
        [VERDICTS[verdict].is_reliable for verdict in verdicts] or [True] * len(best)
    )
    right = (best == labels)[relied]
    confusion = confusion_matrix(labels, best, len(names))
    scores = score(confusion)
    ece = expected_calibration_error(confidence.numpy(), (best == labels).numpy())
    counts = tuple(tuple(row) for row in confusion.tolist())
    return ClassificationMetrics(
        scores.photos,
        scores.accuracy,
        scores.macro_f1,
        ece,
        class_metrics(confusion, names),
        counts,
        float(relied.double().mean()),
        float(right.double().mean()) if len(right) else 1.0,
    )


def class_metrics(confusion: Tensor, names: Sequence[str]) -> tuple[ClassMetrics, ...]:
    """Figures of each class that has photos, the smallest F1 first."""
    hits, truth = confusion.diagonal().double(), confusion.sum(1).double()
    named = confusion.sum(0).double()
    rows = zip(
        names,
        (hits / named.clamp(min=1)).tolist(),
        (hits / truth.clamp(min=1)).tolist(),
        (2 * hits / (truth + named).clamp(min=1)).tolist(),
        truth.long().tolist(),
        strict=True,
    )
    return tuple(sorted((ClassMetrics(*row) for row in rows if row[4]), key=lambda row: row.f1))


@dataclass(frozen=True)
class McNemarResult:
    """How many photos both models, one or none got right. `p_value`: how likely so uneven a split
    is between equally good models, among the photos that only one got right (exact test, McNemar
    1947)."""

    both: int
    first_only: int
    second_only: int
    neither: int
    p_value: float


def mcnemar(first: Bools, second: Bools) -> McNemarResult:
    """first, second: whether each was right, photo by photo, (n,)."""
    one, other = int((first & ~second).sum()), int((second & ~first).sum())
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    return McNemarResult(both, one, other, neither, _two_sided_p_value(one, other))


def _two_sided_p_value(one: int, other: int) -> float:
    """How likely `one` heads, or a rarer number, are in one + other throws of a fair coin."""
    count = one + other
    tail = sum(comb(count, few) for few in range(min(one, other) + 1))
    return min(1.0, float(2 * tail / 2**count))
