"""Half the bits up to the target layer."""

import copy

from torch import nn


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
