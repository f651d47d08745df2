"""models/architectures/state_dicts.py: the network that is meant, and no other."""

import re
from typing import Any

import pytest
import torch
from torch import nn

from models.architectures.state_dicts import check_shapes, find_state, fit_state
from models.training.optimizer import averaged_copy


def net(width: int = 3) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, width, 1), nn.BatchNorm2d(width))


STATE = net().state_dict()


@pytest.mark.parametrize(
    "wrapper",
    [nn.DataParallel(net()), torch.compile(net()), averaged_copy(net(), 0.9)],
    ids=["DataParallel", "compiled", "averaged"],
)
def test_real_wrappers_come_off(wrapper: nn.Module) -> None:
    assert fit_state(wrapper.state_dict(), STATE).keys() == STATE.keys()


def test_a_state_dict_is_found_in_a_checkpoint() -> None:
    assert find_state(STATE) == STATE
    assert find_state({"model": STATE, "epoch": 3, "optimizer": {"state": {}}}) == STATE


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"model": STATE, "ema": STATE}, "several state dicts, ema and model"),
        ({"epoch": 3, "optimizer": {}}, "no state dict, but epoch, optimizer"),
        ({}, "no state dict, but nothing"),
        (torch.ones(3), "holds a Tensor, not a state dict"),
        ([STATE], "holds a list, not a state dict"),
    ],
)
def test_where_there_is_none_or_several_that_is_said(content: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        find_state(content)


def test_two_networks_in_one_state_dict_are_told_apart() -> None:
    both = {f"{who}.{name}": one for who in ("student", "teacher") for name, one in STATE.items()}
    with pytest.raises(ValueError, match=re.escape("several such networks, student., teacher.")):
        fit_state(both, STATE)


def test_what_is_missing_and_what_is_too_much_is_counted_and_named() -> None:
    other = {name.replace("1.", "2."): tensor for name, tensor in STATE.items()}
    with pytest.raises(
        ValueError, match=r"lacks 5 of 7 tensors \(1\.weight, 1\.bias, .*, …\)"
    ) as e:
        fit_state(other, STATE)
    assert "has 5 that do not belong there (2.weight, 2.bias" in str(e.value)


def test_another_shape_is_named_with_the_right_one() -> None:
    with pytest.raises(ValueError, match=r"0\.weight is 4 x 3 x 1 x 1, not 3 x 3 x 1 x 1; .* more"):
        check_shapes(net(4).state_dict(), STATE)
