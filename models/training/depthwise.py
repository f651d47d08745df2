"""Depthwise convolutions stay in float32 where a CPU trains in bfloat16."""

import torch
from torch import Tensor, nn


class ExactDepthwise(nn.Conv2d):
    """A convolution that stays in float32 under autocast."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch calls it so
        with torch.autocast(input.device.type, enabled=False):
            return super().forward(input.float())


def keep_depthwise_exact(model: nn.Module) -> None:
    """Every depthwise convolution of `model` in float32, its parameters and names untouched.

    Their bfloat16 backward pass is slow on a CPU: a step of efficientnet_b0 (64 photos of
    96 px, two cores) took 854 ms all in bfloat16, 586 in float32, 492 with these kept back.
    """
    for module in model.modules():
        if type(module) is nn.Conv2d and module.groups == module.in_channels > 1:
            module.__class__ = ExactDepthwise
