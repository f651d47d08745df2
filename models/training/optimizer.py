"""The optimizer and the learning rate."""

import math
from collections.abc import Collection

import torch
from torch import nn

from models.recipe import Training

WARM_UP = 0.03
"""Of the run, over which the learning rate rises from nothing."""


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
