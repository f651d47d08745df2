"""Fits a card's [doubt] table: temperature, thresholds, margin, AUROC."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from models import calibration
from models.training.metrics import expected_calibration_error
from models.verdict import VERDICTS, Thresholds, Verdict, verdict_of

UNKNOWN_SHARES, NOT_A_LEAF_SHARE = (0.025, 0.05, 0.1), 0.005
"""Of leaves, that fall under each threshold; of the first, the one that leaves most answers
confident."""
RIGHT = 0.97
"""Of confident answers, that should be right, in each folder of photos."""
_STEPS = 60


@dataclass(frozen=True)
class ModelOutputs:
    """A model's outputs for n pictures: `logits` (n, classes), and `features` (n, K), the means of
    the target layer's maps, of length 1."""

    logits: Tensor
    features: Tensor


@dataclass(frozen=True)
class FittedCalibration:
    """The figures of a [doubt] table, and its class means: one prototype for each class and folder,
    (prototypes, K)."""

    figures: dict[str, Any]
    means: Tensor

    @property
    def thresholds(self) -> Thresholds:
        figures = self.figures
        return Thresholds(figures["not_a_leaf"], figures["unknown"], figures["margin"])


@dataclass(frozen=True)
class _FittedThresholds:
    """`unknown` and `margin`, and which photos pass and are confident by them, (n,)."""

    unknown: float
    margin: float
    passed: Tensor
    confident: Tensor


def fit_calibration(
    leaves: ModelOutputs,
    labels: Tensor,
    others: Mapping[str, ModelOutputs],
    folders: Tensor | None = None,
) -> FittedCalibration:
    """Fit to the outputs for leaves, their labels (n,), and the outputs for other pictures by kind.

    `folders`, int64 (n,): the folder of each photo, such as laboratory or field. Folders weigh
    alike; each has prototypes of its own, and RIGHT of its confident answers are right.
    """
    folders = torch.zeros_like(labels) if folders is None else folders
    prototypes = class_prototypes(leaves.features, labels, folders, leaves.logits.shape[1])
    scores = leave_one_out_scores(leaves.features, labels, folders, prototypes)
    weights = 1 / torch.bincount(folders).double()[folders]
    temperature = fit_temperature(leaves.logits, labels, weights)
    sure = (leaves.logits / temperature).softmax(dim=1)
    right = sure.argmax(dim=1) == labels
    found = fit_thresholds(scores, top_two_margins(sure), right, folders)
    not_a_leaf = weighted_quantile(scores, weights, NOT_A_LEAF_SHARE)
    means = prototypes.flatten(0, 1)
    means = means[means.norm(dim=1) > 0]
    figures = {
        "temperature": round(temperature, 4),
        "not_a_leaf": round(min(not_a_leaf, found.unknown), 5),
        "unknown": round(found.unknown, 5),
        "margin": round(found.margin, 6),
        "photos": len(labels),
        "passed": _share(found.passed),
        "confident": _share(found.confident),
        "confident_right": _share(right[found.confident]),
        "ece": round(expected_calibration_error(sure.amax(dim=1), right), 4),
        "auroc": {
            kind: round(auroc(scores, prototype_similarity(own.features, means)), 4)
            for kind, own in others.items()
        },
    }
    return FittedCalibration(figures, means)


def fit_thresholds(
    scores: Tensor, margins: Tensor, right: Tensor, folders: Tensor
) -> _FittedThresholds:
    """The pair of thresholds that leaves the most answers confident, with folders weighing
    alike."""
    weights = 1 / torch.bincount(folders).double()[folders]
    found = []
    for share in UNKNOWN_SHARES:
        unknown = weighted_quantile(scores, weights, share)
        passed = scores >= unknown
        parts = [passed & (folders == folder) for folder in sorted(set(folders.tolist()))]
        margin = max(fit_margin(margins[part], right[part]) for part in parts if part.any())
        found.append(_FittedThresholds(unknown, margin, passed, passed & (margins >= margin)))
    return max(found, key=lambda one: float((weights * one.confident).sum()))


def weighted_quantile(values: Tensor, weights: Tensor, share: float) -> float:
    """The smallest of `values` (n,) with at least `share` of the weight at or below it."""
    order = values.argsort()
    below = weights[order].cumsum(0) / weights.sum()
    return float(values[order][int((below >= share).nonzero()[0])])


def class_prototypes(features: Tensor, labels: Tensor, folders: Tensor, classes: int) -> Tensor:
    """The mean of each class in each folder at length 1, (folders, classes, K); zero where there
    are no photos."""
    return torch.stack(
        [
            class_means(features[folders == folder], labels[folders == folder], classes)
            for folder in range(int(folders.max()) + 1)
        ]
    )


def class_means(features: Tensor, labels: Tensor, classes: int) -> Tensor:
    """The mean of each class at length 1, (classes, K); zero for a class without photos."""
    sums = torch.zeros(classes, features.shape[1]).index_add(0, labels, features)
    return F.normalize(sums, dim=1)


def leave_one_out_scores(
    features: Tensor, labels: Tensor, folders: Tensor, prototypes: Tensor
) -> Tensor:
    """`prototype_similarity` of each photo, (n,), to prototypes (folders, classes, K) without that
    photo: what a new photo would get."""
    cosines = torch.einsum("nk,fck->nfc", features, prototypes)
    for folder in sorted(set(folders.tolist())):
        own = (folders == folder).nonzero()[:, 0]
        sums = torch.zeros_like(prototypes[0]).index_add(0, labels[own], features[own])
        rest = F.normalize(sums[labels[own]] - features[own], dim=1)
        cosines[own, folder, labels[own]] = (rest * features[own]).sum(dim=1)
    return cosines.flatten(1).amax(dim=1)


def fit_temperature(logits: Tensor, labels: Tensor, weights: Tensor | None = None) -> float:
    """The temperature, 0.05 to 20, for the smallest cross-entropy; `weights` (n,) of the photos,
    all alike by default.

    The cross-entropy is convex in 1 / temperature, so a ternary search finds it.
    """
    share = torch.ones(len(labels)) if weights is None else weights.float()

    def loss(inverse: float) -> Tensor:
        each = F.cross_entropy(logits * inverse, labels, reduction="none")
        return (each * share).sum() / share.sum()

    low, high = 0.05, 20.0
    for _ in range(_STEPS):
        third = (high - low) / 3
        one, other = loss(low + third), loss(high - third)
        low, high = (low, high - third) if one <= other else (low + third, high)
    return 2 / (low + high)


def fit_margin(margins: Tensor, right: Tensor) -> float:
    """The smallest margin above which at least RIGHT of the answers are right.

    If there is none, the margin that comes nearest with half of the answers above it.
    """
    order = margins.argsort(descending=True)
    share = right[order].double().cumsum(0) / torch.arange(1, len(margins) + 1)
    reached = (share >= RIGHT).nonzero().flatten()
    half = len(margins) // 2
    last = int(reached[-1]) if len(reached) else half + int(share[half:].argmax())
    return float(margins[order[last]])


def auroc(leaves: Tensor, others: Tensor) -> float:
    """The chance that a leaf scores higher than another picture; a tie counts half."""
    below = (others[None] < leaves[:, None]).double() + 0.5 * (others[None] == leaves[:, None])
    return float(below.mean())


def flagged_share(outputs: ModelOutputs, found: FittedCalibration) -> float:
    """The share of pictures that are `unknown` or `not_a_leaf`."""
    verdicts = verdicts_of(outputs, found)
    return _share(torch.tensor([not VERDICTS[one].is_familiar for one in verdicts]))


def confident_share(outputs: ModelOutputs, found: FittedCalibration) -> float:
    """The share of pictures on which the verdict is `confident`."""
    verdicts = verdicts_of(outputs, found)
    return _share(torch.tensor([VERDICTS[one].is_reliable for one in verdicts]))


def verdicts_of(outputs: ModelOutputs, found: FittedCalibration) -> list[Verdict]:
    """The verdict on each of n pictures."""
    scores = prototype_similarity(outputs.features, found.means).tolist()
    confidence = (outputs.logits / found.figures["temperature"]).softmax(dim=1)
    pairs = zip(scores, top_two_margins(confidence).tolist(), strict=True)
    return [verdict_of(score, margin, found.thresholds) for score, margin in pairs]


def top_two_margins(confidence: Tensor) -> Tensor:
    """As `models.calibration.top_two_margins`."""
    return torch.from_numpy(calibration.top_two_margins(confidence.numpy()))


def prototype_similarity(features: Tensor, means: Tensor) -> Tensor:
    """As `models.calibration.prototype_similarity`."""
    return torch.from_numpy(calibration.prototype_similarity(features.numpy(), means.numpy()))


def _share(chosen: Tensor) -> float:
    return round(float(chosen.double().mean()), 4) if len(chosen) else 0.0
