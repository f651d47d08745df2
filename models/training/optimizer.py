"""The optimizer, the learning rate, and the averaged weights that follow its steps."""

import math
from collections.abc import Collection
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.cards.recipe import Training

WARM_UP = 0.03
"""The part of the run over which the learning rate rises from nothing."""


def adamw(model: nn.Module, recipe: Training, new: Collection[str]) -> torch.optim.AdamW:
    """The optimizer, at a learning rate of zero. The rate of the parameters called `new` is
    `new_layers` times that of the others, which are trained already."""
    named = [(name, part) for name, part in model.named_parameters() if part.requires_grad]
    groups = [
        {"params": [part for name, part in named if (name in new) == is_new], "times": times}
        for is_new, times in ((False, 1.0), (True, recipe.new_layers))
    ]
    filled = [group for group in groups if group["params"]]
    return torch.optim.AdamW(filled, lr=0.0, weight_decay=recipe.weight_decay, foreach=True)


def set_learning_rate(optimizer: torch.optim.Optimizer, highest: float, progress: float) -> None:
    """Linear warm-up to `highest`, then a cosine to zero; `progress` of the run in [0, 1]."""
    warm = min(1.0, progress / WARM_UP)
    cosine = 0.5 * (1 + math.cos(progress * math.pi))
    for group in optimizer.param_groups:
        group["lr"] = highest * group["times"] * warm * cosine


def averaged_copy(model: nn.Module, decay: float) -> AveragedModel:
    """A copy of `model` that follows it: w = d w + (1 - d) w_now, batch norms included.

    d is `decay`, in the first steps (1 + n) / (10 + n) if that is less, so that a short run
    forgets the random weights that it began with.
    """

    def follow(own: Any, now: Any, steps: Any) -> None:
        warm = (1 + int(steps)) / (10 + int(steps))
        get_ema_multi_avg_fn(min(decay, warm))(own, now, steps)  # type: ignore[no-untyped-call]

    return AveragedModel(model, multi_avg_fn=follow, use_buffers=True)
