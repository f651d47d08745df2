"""The averaged weights of a training run."""

import pytest
import torch
from torch import nn

from models.training.optimizer import averaged_copy


def followed(zeros: int, ones: int, decay: float) -> float:
    """The average of a weight that was 0 for some steps and 1 for those after."""
    model = nn.Linear(1, 1)
    average = averaged_copy(model, decay)
    for value, steps in ((0.0, zeros), (1.0, ones)):
        nn.init.constant_(model.weight, value)
        for _ in range(steps):
            average.update_parameters(model)
    return float(average.module.state_dict()["weight"])


def test_a_short_run_forgets_what_it_began_with() -> None:
    assert followed(1, 30, decay=0.998) > 0.99


def test_later_it_follows_as_slowly_as_was_asked_for() -> None:
    assert followed(100, 1, decay=0.9) == pytest.approx(0.1)


def test_what_a_batch_norm_has_seen_is_averaged_too() -> None:
    model = nn.BatchNorm1d(2)
    average = averaged_copy(model, decay=0.5)
    average.update_parameters(model)
    model(torch.full((4, 2), 8.0))
    average.update_parameters(model)
    seen, now = average.module.state_dict()["running_mean"], model.state_dict()["running_mean"]
    assert ((seen > 0) & (seen < now)).all()
