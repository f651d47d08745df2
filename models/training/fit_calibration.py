"""Fits a card's [doubt] table: temperature, thresholds, margin, AUROC."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from models.cards.calibration import Thresholds
from models.verdicts.prototypes import Prototypes
from models.verdicts.reliability import expected_calibration_error
from models.verdicts.verdict import VERDICTS, Verdict, top_two_margins, verdict_of

UNKNOWN_SHARES, NOT_A_LEAF_SHARE = (0.025, 0.05, 0.1), 0.005
"""Shares of the leaves that fall under `unknown` and under `not_a_leaf`. For `unknown`, the largest
share is taken that costs few confident answers."""
STRICTER_COSTS = 0.01
"""A stricter `unknown` threshold turns more strange leaves away; this share of the photos may lose
the verdict `confident` for it."""
RIGHT = 0.96
"""The share of confident answers that should be right, in each folder of photos: a point above the
95 % that are promised, since the margin is chosen on these photos."""
SHRINKAGE = 0.3
"""How far the covariance within classes is shrunk towards a sphere: few photos say little about
many channels."""
FOLDS = 5
_LARGEST_RISE, _PRECISION = 10.0, 1e-5


@dataclass(frozen=True)
class ModelOutputs:
    """A model's outputs for n pictures: `logits` (n, classes), and `features` (n, K), the means of
    the target layer's maps, of length 1."""

    logits: Tensor
    features: Tensor


@dataclass(frozen=True)
class LabelledOutputs:
    """A model's outputs for n photos, with their labels, int64 (n,), and the number of the folder
    of each, int64 (n,), such as laboratory or field."""

    outputs: ModelOutputs
    labels: Tensor
    folders: Tensor


@dataclass(frozen=True)
class FittedTemperature:
    """`temperature` of a photo with score 1, and its `rise`: see
    `models.verdicts.confidence.temperatures_of`."""

    temperature: float
    rise: float

    def confidences(self, logits: Tensor, scores: Tensor) -> Tensor:
        """Of logits (n, classes) with scores (n,): (n, classes)."""
        temperatures = self.temperature * (1 + self.rise * (1 - scores))
        return (logits / temperatures[:, None]).softmax(dim=1)


@dataclass(frozen=True)
class FittedCalibration:
    """The figures of a [doubt] table, and its prototypes: one for each class and folder."""

    figures: dict[str, Any]
    prototypes: Prototypes

    @property
    def temperature(self) -> FittedTemperature:
        return FittedTemperature(self.figures["temperature"], self.figures["temperature_rise"])

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
    leaves: LabelledOutputs,
    others: Mapping[str, ModelOutputs],
    trained_on: LabelledOutputs | None = None,
) -> FittedCalibration:
    """Fit to the outputs for leaves that the model was not trained on, and for other pictures by
    kind.

    Folders weigh alike; each has prototypes of its own, and RIGHT of its confident answers are
    right. `trained_on`: photos that it was trained on, of which there are more, for the prototypes;
    without them those of `leaves` serve.
    """
    outputs, labels, folders = leaves.outputs, leaves.labels, leaves.folders
    prototypes = fit_prototypes(trained_on or leaves)
    if trained_on:
        scores = similarity(outputs.features, prototypes)
    else:
        scores = cross_validated_scores(leaves)
    weights = 1 / torch.bincount(folders).double()[folders]
    fitted = fit_temperature(outputs.logits, labels, scores, weights)
    sure = fitted.confidences(outputs.logits, scores)
    right = sure.argmax(dim=1) == labels
    found = fit_thresholds(scores, margins_of(sure), right, folders)
    not_a_leaf = weighted_quantile(scores, weights, NOT_A_LEAF_SHARE)
    figures = {
        "temperature": round(fitted.temperature, 4),
        "temperature_rise": round(fitted.rise, 4),
        "not_a_leaf": round(min(not_a_leaf, found.unknown), 5),
        **_threshold_figures(found, right),
        "ece": round(expected_calibration_error(sure.amax(dim=1).numpy(), right.numpy()), 4),
        "auroc": {
            kind: round(auroc(scores, similarity(own.features, prototypes)), 4)
            for kind, own in others.items()
        },
    }
    return FittedCalibration(figures, prototypes)


def _threshold_figures(found: _FittedThresholds, right: Tensor) -> dict[str, float]:
    return {
        "unknown": round(found.unknown, 5),
        "margin": round(found.margin, 6),
        "photos": len(right),
        "passed": _share(found.passed),
        "confident": _share(found.confident),
        "confident_right": _share(right[found.confident]),
    }


def fit_thresholds(
    scores: Tensor, margins: Tensor, right: Tensor, folders: Tensor
) -> _FittedThresholds:
    """The strictest pair of thresholds that leaves nearly as many answers confident as any, with
    folders weighing alike."""
    weights = 1 / torch.bincount(folders).double()[folders]
    found = []
    for share in UNKNOWN_SHARES:
        unknown = weighted_quantile(scores, weights, share)
        passed = scores >= unknown
        parts = [passed & (folders == folder) for folder in sorted(set(folders.tolist()))]
        margin = max(fit_margin(margins[part], right[part]) for part in parts if part.any())
        found.append(_FittedThresholds(unknown, margin, passed, passed & (margins >= margin)))
    kept = [float((weights * one.confident).sum() / weights.sum()) for one in found]
    return [
        one for one, share in zip(found, kept, strict=True) if share >= max(kept) - STRICTER_COSTS
    ][-1]


def weighted_quantile(values: Tensor, weights: Tensor, share: float) -> float:
    """The smallest of `values` (n,) with at least `share` of the weight at or below it."""
    order = values.argsort()
    below = weights[order].cumsum(0) / weights.sum()
    return float(values[order][int((below >= share).nonzero()[0])])


def fit_prototypes(photos: LabelledOutputs) -> Prototypes:
    """The prototypes of the photos' features; folders weigh alike in centre and whitening.

    The whitening undoes the covariance within a class of a folder, shrunk towards a sphere.
    """
    features, labels, folders = photos.outputs.features, photos.labels, photos.folders
    weights = (1 / torch.bincount(folders))[folders][:, None]
    centre = (features * weights).sum(dim=0) / weights.sum()
    _, groups = torch.unique(folders * (labels.max() + 1) + labels, return_inverse=True)
    apart = features - group_means(features, groups)[groups]
    covariance = (apart * weights).T @ apart / weights.sum()
    spread = covariance.diagonal().mean().clamp(min=1e-8)
    sphere = spread * torch.eye(len(covariance))
    shrunk = torch.lerp(covariance, sphere, SHRINKAGE)
    whitening = torch.linalg.cholesky(torch.linalg.inv(shrunk)) * spread.sqrt()
    projected = F.normalize((features - centre) @ whitening, dim=1)
    means = F.normalize(group_means(projected, groups), dim=1)
    return Prototypes(centre.numpy(), whitening.numpy(), means.numpy())


def group_means(features: Tensor, groups: Tensor) -> Tensor:
    """The mean of the features (n, K) of each group, (groups, K)."""
    sums = torch.zeros(int(groups.max()) + 1, features.shape[1]).index_add(0, groups, features)
    return sums / torch.bincount(groups)[:, None]


def cross_validated_scores(photos: LabelledOutputs) -> Tensor:
    """The score of each photo, (n,), by prototypes of the photos of other folds: what a new photo
    would get."""
    count = len(photos.labels)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    scores = torch.zeros(count)
    for fold in range(min(FOLDS, count)):
        own = torch.zeros(count, dtype=torch.bool)
        own[order[fold::FOLDS]] = True
        prototypes = fit_prototypes(_chosen(photos, ~own))
        scores[own] = similarity(photos.outputs.features[own], prototypes)
    return scores


def _chosen(photos: LabelledOutputs, which: Tensor) -> LabelledOutputs:
    logits, features = photos.outputs.logits[which], photos.outputs.features[which]
    return LabelledOutputs(
        ModelOutputs(logits, features), photos.labels[which], photos.folders[which]
    )


def fit_temperature(
    logits: Tensor, labels: Tensor, scores: Tensor, weights: Tensor | None = None
) -> FittedTemperature:
    """The temperature, 0.05 to 20, and its rise, 0 to 10, for the smallest cross-entropy.

    logits (n, classes), labels (n,), scores (n,); `weights` (n,) of the photos, all alike by
    default. With a given rise the cross-entropy is convex in 1 / temperature.
    """
    share = torch.ones(len(labels)) if weights is None else weights.float()

    def temperature_and_loss(rise: float) -> tuple[float, float]:
        cooled = logits / (1 + rise * (1 - scores))[:, None]

        def loss(inverse: float) -> float:
            each = F.cross_entropy(cooled * inverse, labels, reduction="none")
            return float((each * share).sum() / share.sum())

        inverse = _lowest(loss, 0.05, 20.0)
        return 1 / inverse, loss(inverse)

    rise = _lowest(lambda rise: temperature_and_loss(rise)[1], 0.0, _LARGEST_RISE)
    return FittedTemperature(temperature_and_loss(rise)[0], rise)


def _lowest(loss: Callable[[float], float], low: float, high: float) -> float:
    """Where `loss`, which falls and then rises, is lowest: a ternary search."""
    while high - low > _PRECISION:
        third = (high - low) / 3
        if loss(low + third) <= loss(high - third):
            high -= third
        else:
            low += third
    return (low + high) / 2


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
    scores = similarity(outputs.features, found.prototypes)
    confidence = found.temperature.confidences(outputs.logits, scores)
    pairs = zip(scores.tolist(), margins_of(confidence).tolist(), strict=True)
    return [verdict_of(score, margin, found.thresholds) for score, margin in pairs]


def margins_of(confidence: Tensor) -> Tensor:
    """As `top_two_margins`."""
    return torch.from_numpy(top_two_margins(confidence.numpy()))


def similarity(features: Tensor, prototypes: Prototypes) -> Tensor:
    """As `Prototypes.similarity`."""
    return torch.from_numpy(prototypes.similarity(features.numpy()))


def _share(chosen: Tensor) -> float:
    return round(float(chosen.double().mean()), 4) if len(chosen) else 0.0
