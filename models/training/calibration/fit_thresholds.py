"""Under which score an answer is `unknown`, and from which margin on it is `confident`."""

from dataclasses import dataclass

import torch
from torch import Tensor

from models.verdicts.verdict import top_two_margins

UNKNOWN_SHARES = (0.025, 0.05, 0.1)
"""Shares of the leaves that fall under `unknown`: the largest is taken that costs few confident
answers."""
STRICTER_COSTS = 0.02
"""A stricter `unknown` threshold turns more strange leaves away; this share of the photos may lose
the verdict `confident` for it."""
RIGHT = 0.96
"""The share of confident answers that should be right, in each folder of photos: a point above the
95 % that are promised, since the margin is chosen on these photos."""


@dataclass(frozen=True)
class FittedThresholds:
    """`unknown` and `margin`, and which photos pass and are confident by them, (n,)."""

    unknown: float
    margin: float
    passed: Tensor
    confident: Tensor


def fit_thresholds(
    scores: Tensor, margins: Tensor, right: Tensor, folders: Tensor
) -> FittedThresholds:
    """The strictest pair of thresholds that leaves nearly as many answers confident as any, with
    folders weighing alike."""
    weights = 1 / torch.bincount(folders).double()[folders]
    found = []
    for share in UNKNOWN_SHARES:
        unknown = weighted_quantile(scores, weights, share)
        passed = scores >= unknown
        parts = [passed & (folders == folder) for folder in sorted(set(folders.tolist()))]
        margin = max(fit_margin(margins[part], right[part]) for part in parts if part.any())
        found.append(FittedThresholds(unknown, margin, passed, passed & (margins >= margin)))
    kept = [float((weights * one.confident).sum() / weights.sum()) for one in found]
    return [
        one for one, share in zip(found, kept, strict=True) if share >= max(kept) - STRICTER_COSTS
    ][-1]


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


def weighted_quantile(values: Tensor, weights: Tensor, share: float) -> float:
    """The smallest of `values` (n,) with at least `share` of the weight at or below it."""
    order = values.argsort()
    below = weights[order].cumsum(0) / weights.sum()
    return float(values[order][int((below >= share).nonzero()[0])])


def margins_of(confidence: Tensor) -> Tensor:
    """As `top_two_margins`."""
    return torch.from_numpy(top_two_margins(confidence.numpy()))
