"""Heads of mean pooling and one linear layer, in torch: how one is found, and its gradients.

There dy_c/dA_kij = W_ck / (h w) in every cell, so that no autograd graph is needed. A head is
accepted only after its gradients and logits have been compared with those of autograd. Its maps in
NumPy: `engine.cam.closed_form`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.cam.forward import AutogradForwardPass, check_feature_maps, class_scores, forward_pass
from engine.cam.hooks import eval_mode, replace_output

_TOLERANCE = 1e-5
_CHECKED = 16


@dataclass(frozen=True)
class LinearHeadForwardPass:
    """The `ForwardPass` of a model whose head is mean pooling and one linear layer, `weights`
    (classes, K)."""

    logits: Tensor
    activations: Tensor
    weights: Tensor

    def gradients(self, photos: Sequence[int], classes: Sequence[int]) -> Tensor:
        """d logit[photo, class] / d activations[photo] of each pair, (pairs, K, h, w)."""
        height, width = self.activations.shape[2:]
        rows = self.weights[list(classes)] / (height * width)
        return rows[:, :, None, None].expand(len(photos), -1, height, width)


def find_linear_head(model: nn.Module, layer: nn.Module, probe: Tensor) -> nn.Linear | None:
    """The model's linear layer, with weights (classes, K), where only mean pooling stands between
    `layer` and it; None for any other head.

    Checked on `probe` (N, 3, H, W), N at least 2: the gradients of autograd are those of the closed
    form, and the pooled maps times the weights, plus the bias, are the logits.
    """
    forward = forward_pass(model, layer, probe)
    maps, logits = forward.activations.detach(), forward.logits.detach()
    for module in model.modules():
        shape = logits.shape[1], maps.shape[1]
        if not isinstance(module, nn.Linear) or module.weight.shape != shape:
            continue
        with torch.no_grad():
            closed = LinearHeadForwardPass(
                module(maps.mean(dim=(2, 3))), maps, module.weight.detach()
            )
        if _close(closed.logits, logits) and _same_gradients(closed, forward):
            return module
    return None


def linear_head_forward_pass(
    model: nn.Module, layer: nn.Module, weights: Tensor, inputs: Tensor
) -> LinearHeadForwardPass:
    """One forward pass without autograd. Raises what `engine.cam.forward.forward_pass` raises."""
    kept: list[Tensor] = []

    def keep(output: Tensor) -> Tensor:
        kept[:] = [check_feature_maps(output, inputs.shape[0])]
        return output

    with torch.inference_mode(), eval_mode(model), replace_output(layer, keep):
        logits = class_scores(model(inputs))
    return LinearHeadForwardPass(logits, kept[0], weights)


def _same_gradients(closed: LinearHeadForwardPass, forward: AutogradForwardPass) -> bool:
    photos, classes = closed.logits.shape
    checked = range(0, classes, max(1, classes // _CHECKED))
    pairs = [(photo, index) for photo in range(photos) for index in checked]
    return all(
        _close(closed.gradients([photo], [index]), forward.gradients([photo], [index]))
        for photo, index in pairs
    )


def _close(one: Tensor, other: Tensor) -> bool:
    scale = float(other.abs().max()) or 1.0
    return one.shape == other.shape and float((one - other).abs().max()) <= _TOLERANCE * scale
