"""Where bfloat16 pays, and a model in bfloat16 up to the target layer."""

import copy

import torch
from torch import nn

from engine import hardware


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is faster than float32 there: by the processor's own instructions."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and hardware.cpu_has_bfloat16()


def bfloat16_up_to(
    layer: nn.Module, model: nn.Module, head: nn.Linear | None
) -> tuple[nn.Module, nn.Module, nn.Linear | None]:
    """Copies of the layer, its model and its linear head, in bfloat16 up to the layer, whose output
    is float32 again; `head`: kept in float32."""
    layer, model, head = copy.deepcopy((layer, model, head))  # shared parts stay shared
    model.bfloat16()
    if head is not None:
        head.float()
    layer.register_forward_hook(lambda _layer, _inputs, output: output.float())
    return layer, model, head
