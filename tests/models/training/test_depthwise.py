"""Depthwise convolutions beside bfloat16."""

import copy

import torch
from torch import nn

from models.architectures.registry import build
from models.training.prepare_network import keep_depthwise_exact


def kinds(model: nn.Module, x: torch.Tensor) -> dict[str, torch.dtype]:
    """What each convolution gives under autocast."""
    seen: dict[str, torch.dtype] = {}

    def note(name: str) -> None:
        model.get_submodule(name).register_forward_hook(
            lambda _, __, output: seen.__setitem__(name, output.dtype)
        )

    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            note(name)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        model.eval()(x)
    return seen


def test_only_depthwise_convolutions_stay_in_float32() -> None:
    model = build("efficientnet_b0", 3)
    names = list(model.state_dict())
    keep_depthwise_exact(model)
    seen = kinds(copy.deepcopy(model), torch.rand(1, 3, 64, 64))
    for name, kind in seen.items():
        convolution = model.get_submodule(name)
        assert isinstance(convolution, nn.Conv2d)
        depthwise = convolution.groups > 1
        assert kind == (torch.float32 if depthwise else torch.bfloat16), name
    assert {torch.float32, torch.bfloat16} == set(seen.values())
    assert list(model.state_dict()) == names
