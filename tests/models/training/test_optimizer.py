"""How fast the layers of a network learn."""

import pytest
from torch import nn

from models.recipe import Training
from models.training.optimizer import adamw, set_learning_rate


def test_new_layers_learn_faster_and_frozen_ones_not_at_all() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 4), nn.Linear(4, 5))
    model[0].requires_grad_(requires_grad=False)
    optimizer = adamw(model, Training(new_layers=3.0), {"2.weight", "2.bias"})
    sizes = [[tuple(part.shape) for part in group["params"]] for group in optimizer.param_groups]
    assert sizes == [[(4, 3), (4,)], [(5, 4), (5,)]]
    set_learning_rate(optimizer, 0.1, 0.03)
    old, new = (group["lr"] for group in optimizer.param_groups)
    assert old == pytest.approx(0.1, rel=0.01)
    assert new == pytest.approx(3 * old)


def test_the_rate_rises_at_first_and_ends_at_zero() -> None:
    optimizer = adamw(nn.Linear(2, 2), Training(), ())
    rates = []
    for progress in (0.0, 0.015, 0.03, 0.5, 1.0):
        set_learning_rate(optimizer, 1.0, progress)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == pytest.approx([0, 0.5, 1, 0.5, 0], abs=0.01)
