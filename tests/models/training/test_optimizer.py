"""How fast the layers of a network learn, and the average of its weights."""

import pytest
import torch
from torch import nn

from models.cards.recipe import Training
from models.training.optimizer import adamw, averaged_copy, set_learning_rate


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


def followed(zeros: int, ones: int, decay: float) -> float:
    """The average of a weight that was 0 for some steps and 1 for those after."""
    model = nn.Linear(1, 1)
    average = averaged_copy(model, decay)
    for value, steps in ((0.0, zeros), (1.0, ones)):
        nn.init.constant_(model.weight, value)
        for _ in range(steps):
            average.update_parameters(model)
    return float(average.module.state_dict()["weight"])


def test_the_average_of_a_short_run_forgets_what_it_began_with() -> None:
    assert followed(1, 30, decay=0.998) > 0.99


def test_later_the_average_follows_as_slowly_as_was_asked_for() -> None:
    assert followed(100, 1, decay=0.9) == pytest.approx(0.1)


def test_what_a_batch_norm_has_seen_is_averaged_too() -> None:
    model = nn.BatchNorm1d(2)
    average = averaged_copy(model, decay=0.5)
    average.update_parameters(model)
    model(torch.full((4, 2), 8.0))
    average.update_parameters(model)
    seen, now = average.module.state_dict()["running_mean"], model.state_dict()["running_mean"]
    assert ((seen > 0) & (seen < now)).all()
