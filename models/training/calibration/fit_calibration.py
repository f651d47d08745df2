"""Fits a card's [doubt] table: temperature, thresholds, margin, AUROC."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from models.cards.calibration import Temperature, Thresholds
from models.training.calibration.fit_prototypes import (
    cross_validated_scores,
    fit_prototypes,
    similarity,
)
from models.training.calibration.fit_temperature import confidences_of, fit_temperature
from models.training.calibration.fit_thresholds import (
    FittedThresholds,
    fit_thresholds,
    margins_of,
    weighted_quantile,
)
from models.training.calibration.outputs import LabelledOutputs, ModelOutputs
from models.verdicts.prototypes import Prototypes
from models.verdicts.reliability import expected_calibration_error
from models.verdicts.verdict import VERDICTS, Verdict, verdict_of

NOT_A_LEAF_SHARE = 0.005
"""The share of the leaves that falls under `not_a_leaf`."""


@dataclass(frozen=True)
class FittedCalibration:
    """The figures of a [doubt] table, and its prototypes: one for each class and folder."""

    figures: dict[str, Any]
    prototypes: Prototypes

    @property
    def temperature(self) -> Temperature:
        figures = self.figures
        return Temperature(
            figures["temperature"], figures["temperature_rise"], figures["temperature_spread"]
        )

    @property
    def thresholds(self) -> Thresholds:
        figures = self.figures
        return Thresholds(figures["not_a_leaf"], figures["unknown"], figures["margin"])


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
    prototypes, scores = _prototypes_and_scores(leaves, trained_on)
    weights = 1 / torch.bincount(folders).double()[folders]
    fitted = fit_temperature(outputs.logits, labels, scores, weights)
    sure = confidences_of(outputs.logits, scores, fitted)
    right = sure.argmax(dim=1) == labels
    found = fit_thresholds(scores, margins_of(sure), right, folders)
    not_a_leaf = weighted_quantile(scores, weights, NOT_A_LEAF_SHARE)
    figures = {
        "temperature": round(fitted.base, 4),
        "temperature_rise": round(fitted.rise, 4),
        "temperature_spread": fitted.spread,
        "not_a_leaf": round(min(not_a_leaf, found.unknown), 5),
        **_threshold_figures(found, right),
        "ece": round(expected_calibration_error(sure.amax(dim=1).numpy(), right.numpy()), 4),
        "auroc": {
            kind: round(auroc(scores, similarity(own.features, prototypes)), 4)
            for kind, own in others.items()
        },
    }
    return FittedCalibration(figures, prototypes)


def _prototypes_and_scores(
    leaves: LabelledOutputs, trained_on: LabelledOutputs | None
) -> tuple[Prototypes, Tensor]:
    """The prototypes, and the scores of `leaves`, (n,), as new photos would get them."""
    if trained_on is None:
        return fit_prototypes(leaves), cross_validated_scores(leaves)
    prototypes = fit_prototypes(trained_on)
    return prototypes, similarity(leaves.outputs.features, prototypes)


def _threshold_figures(found: FittedThresholds, right: Tensor) -> dict[str, float]:
    return {
        "unknown": round(found.unknown, 5),
        "margin": round(found.margin, 6),
        "photos": len(right),
        "passed": _share(found.passed),
        "confident": _share(found.confident),
        "confident_right": _share(right[found.confident]),
    }


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
    confidence = confidences_of(outputs.logits, scores, found.temperature)
    pairs = zip(scores.tolist(), margins_of(confidence).tolist(), strict=True)
    return [verdict_of(score, margin, found.thresholds) for score, margin in pairs]


def _share(chosen: Tensor) -> float:
    return round(float(chosen.double().mean()), 4) if len(chosen) else 0.0
