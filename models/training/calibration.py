"""A card's [doubt] table out of a model's answers: temperature, thresholds, margin, AUROC."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from models.calibration import leads, prototype_similarity
from models.training.metrics import expected_calibration_error

UNKNOWN_SHARE, NOT_A_LEAF_SHARE = 0.025, 0.005
"""Of leaves, that fall under each threshold: half a point of room to 97 % that pass."""
RIGHT = 0.99
"""Of confident answers, that should be right."""
_STEPS = 60


@dataclass(frozen=True)
class ModelOutputs:
    """What a model says of n pictures: `logits` (n, classes), `features` (n, K) as out of
    `models.calibration.pooled_features`."""

    logits: Tensor
    features: Tensor


@dataclass(frozen=True)
class FittedCalibration:
    """The figures of a [doubt] table, without its means, and the means, (classes, K)."""

    figures: dict[str, Any]
    means: Tensor


def fit_calibration(
    leaves: ModelOutputs, labels: Tensor, others: Mapping[str, ModelOutputs]
) -> FittedCalibration:
    """By answers to leaves, their truth (n,), and answers to other pictures by kind."""
    means = class_means(leaves.features, labels, leaves.logits.shape[1])
    scores = leave_one_out_scores(leaves.features, labels, means)
    temperature = fit_temperature(leaves.logits, labels)
    not_a_leaf, unknown = scores.quantile(torch.tensor([NOT_A_LEAF_SHARE, UNKNOWN_SHARE])).tolist()
    sure = (leaves.logits / temperature).softmax(dim=1)
    passed, right = scores >= unknown, sure.argmax(dim=1) == labels
    margin = fit_margin(leads(sure)[passed], right[passed])
    confident = passed & (leads(sure) >= margin)
    figures = {
        "temperature": round(temperature, 4),
        "not_a_leaf": round(not_a_leaf, 5),
        "unknown": round(unknown, 5),
        "margin": round(margin, 6),
        "photos": len(labels),
        "passed": _share(passed),
        "confident": _share(confident),
        "confident_right": _share(right[confident]),
        "ece": round(expected_calibration_error(sure.amax(dim=1), right), 4),
        "auroc": {
            kind: round(auroc(scores, prototype_similarity(own.features, means)), 4)
            for kind, own in others.items()
        },
    }
    return FittedCalibration(figures, means)


def class_means(features: Tensor, labels: Tensor, classes: int) -> Tensor:
    """The mean of each class at length 1, (classes, K); zero for a class without photos."""
    sums = torch.zeros(classes, features.shape[1]).index_add(0, labels, features)
    return F.normalize(sums, dim=1)


def leave_one_out_scores(features: Tensor, labels: Tensor, means: Tensor) -> Tensor:
    """`prototype_similarity` of each photo, (n,), by class means without that photo: what a new
    one would get."""
    sums = torch.zeros_like(means).index_add(0, labels, features)
    own = F.normalize(sums[labels] - features, dim=1)
    cosines = features @ means.T
    cosines[torch.arange(len(labels)), labels] = (own * features).sum(dim=1)
    return cosines.amax(dim=1)


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """What the logits must be divided by for the smallest cross-entropy, 0.05 to 20.

    The cross-entropy is convex in 1 / temperature, so a search by thirds finds it.
    """
    low, high = 0.05, 20.0
    for _ in range(_STEPS):
        third = (high - low) / 3
        one, other = (F.cross_entropy(logits * x, labels) for x in (low + third, high - third))
        low, high = (low, high - third) if one <= other else (low + third, high)
    return 2 / (low + high)


def fit_margin(lead: Tensor, right: Tensor) -> float:
    """The smallest lead above which at least RIGHT of the answers are right.

    Where no lead reaches that, the one that comes nearest with half of the answers above it.
    """
    order = lead.argsort(descending=True)
    share = right[order].double().cumsum(0) / torch.arange(1, len(lead) + 1)
    reached = (share >= RIGHT).nonzero().flatten()
    half = len(lead) // 2
    last = int(reached[-1]) if len(reached) else half + int(share[half:].argmax())
    return float(lead[order[last]])


def auroc(leaves: Tensor, others: Tensor) -> float:
    """The chance that a leaf scores higher than another picture; a tie counts half."""
    below = (others[None] < leaves[:, None]).double() + 0.5 * (others[None] == leaves[:, None])
    return float(below.mean())


def flagged_share(answers: ModelOutputs, found: FittedCalibration) -> float:
    """The share of pictures that are `unknown` or `not_a_leaf`."""
    return _share(prototype_similarity(answers.features, found.means) < found.figures["unknown"])


def confident_share(answers: ModelOutputs, found: FittedCalibration) -> float:
    """The share of pictures on which the verdict is `confident_share`."""
    lead = leads((answers.logits / found.figures["temperature"]).softmax(dim=1))
    passed = prototype_similarity(answers.features, found.means) >= found.figures["unknown"]
    return _share(passed & (lead >= found.figures["margin"]))


def _share(chosen: Tensor) -> float:
    return round(float(chosen.double().mean()), 4) if len(chosen) else 0.0
