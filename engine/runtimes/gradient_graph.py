"""The gradients of class scores as a graph that can be exported: torch's backward pass, traced."""

from typing import Any

import torch
from torch import Tensor, fx, nn
from torch._decomp import core_aten_decompositions, get_decompositions
from torch.fx.experimental.proxy_tensor import make_fx

from engine.cam.forward import class_scores
from engine.cam.hooks import replace_output

_aten = torch.ops.aten


def trace_gradients(
    model: nn.Module, layer: nn.Module, photo: Tensor, activations: Tensor, classes: int
) -> fx.GraphModule:
    """A module of (activations (1, K, h, w), choice (1, classes)) that returns the gradients of
    choice * logits by the activations.

    It contains only what follows `layer`. The size of `photo` (1, 3, H, W) decides that of the
    activations.
    """
    frozen = model.requires_grad_(requires_grad=False)

    def gradients(maps: Tensor, choice: Tensor) -> Tensor:
        def scores(given: Tensor) -> Tensor:
            # Copied, since what works in place must not reach what is differentiated by.
            with replace_output(layer, lambda _: given.clone()):
                return class_scores(frozen(photo))

        pull = torch.func.vjp(scores, maps)[1]
        found: Tensor = pull(choice)[0]
        return found

    traced = make_fx(gradients, decomposition_table=_table())(activations, torch.ones(1, classes))
    traced.graph.eliminate_dead_code()
    traced.recompile()
    return traced


def _table() -> dict[Any, Any]:
    """Decompositions of operations that ONNX does not know into simpler ones."""
    norms = [
        _aten.native_batch_norm,
        _aten.native_batch_norm_backward,
        _aten._native_batch_norm_legit,
        _aten._native_batch_norm_legit_no_training,
        _aten.cudnn_batch_norm,
    ]
    own = {
        _aten.convolution_backward.default: _convolution_backward,
        _aten._to_copy.default: _copied,
        _aten.empty_like.default: _zeros_like,
    }
    return {**core_aten_decompositions(), **get_decompositions(norms), **own}


def _convolution_backward(
    gradient: Tensor,
    inputs: Tensor,
    kernels: Tensor,
    _bias_sizes: Any,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    _transposed: bool,
    _output_padding: list[int],
    groups: int,
    _mask: Any,
) -> tuple[Tensor, None, None]:
    """The gradient by the input alone: a transposed convolution."""
    sides = zip(inputs.shape[2:], gradient.shape[2:], kernels.shape[2:], strict=True)
    rest = [
        side - ((cells - 1) * step - 2 * pad + spread * (kernel - 1) + 1)
        for (side, cells, kernel), step, pad, spread in zip(
            sides, stride, padding, dilation, strict=True
        )
    ]
    sizes = stride, padding, dilation
    transposed = True
    back = _aten.convolution(gradient, kernels, None, *sizes, transposed, rest, groups)
    return back, None, None


def _zeros_like(x: Tensor, **_: Any) -> Tensor:
    """Zeros in the place of an empty tensor that is filled later, as SiLU's gradient has it."""
    return torch.zeros(x.shape, dtype=x.dtype, device=x.device)


def _copied(x: Tensor, *, dtype: torch.dtype | None = None, **_: Any) -> Tensor:
    if dtype in (None, x.dtype):
        return x
    changed: Tensor = torch.ops.prims.convert_element_type(x, dtype)
    return changed
