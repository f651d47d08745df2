"""One forward pass that is differentiable from the target layer up.

Below the layer no autograd graph is kept, so that explaining costs hardly more than predicting. A
hook finds the layer, in any architecture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from engine.cam.hooks import eval_mode, replace_output
from engine.errors import WrongInput, WrongLayer


class ForwardPass(Protocol):
    """The result of a forward pass of N photos; every runtime returns one."""

    @property
    def logits(self) -> Tensor: ...
    @property
    def activations(self) -> Tensor: ...
    def gradients(self, photos: Sequence[int], classes: Sequence[int]) -> Tensor: ...


@dataclass(frozen=True)
class AutogradForwardPass:
    """The result of a forward pass in torch, whose gradients autograd computes.

    `logits` (N, classes) and `activations` (N, K, h, w) have the model's own dtype; both carry the
    short graph that `gradients` walks.
    """

    logits: Tensor
    activations: Tensor

    def gradients(self, photos: Sequence[int], classes: Sequence[int]) -> Tensor:
        """d logit[photo, class] / d activations[photo] of each pair, (pairs, K, h, w).

        The head is walked back as often as the photo with the most pairs needs, each time for the
        whole batch.
        """
        turns = _occurrences(photos)
        selection = self.logits.new_zeros(max(turns) + 1, *self.logits.shape)
        selection[turns, list(photos), list(classes)] = 1.0
        gradients = [self._backward(one) for one in selection]
        if len(gradients) == 1:
            return gradients[0][list(photos)]
        return torch.stack(gradients)[turns, list(photos)]

    def _backward(self, selection: Tensor) -> Tensor:
        """The gradient, photo by photo, of the logits that `selection` (N, classes) picks."""
        if not self.logits.requires_grad:
            raise WrongLayer("the class scores do not depend on the target layer")
        with torch.inference_mode(mode=False):
            (gradient,) = torch.autograd.grad(
                self.logits, self.activations, selection, retain_graph=True, allow_unused=True
            )
        return torch.zeros_like(self.activations) if gradient is None else gradient


def forward_pass(model: nn.Module, layer: nn.Module, inputs: Tensor) -> AutogradForwardPass:
    """Run `inputs` (N, 3, H, W) in evaluation mode and keep the autograd graph above `layer`.

    Works under an outer no_grad or inference_mode, with frozen weights and in-place ReLUs, and
    leaves no gradient, hook or flag behind. Raises WrongLayer for a layer that is not reached or
    gives no feature maps, WrongInput for a model whose output holds no logits.
    """
    leaves: list[Tensor] = []

    def keep(output: Any) -> Tensor:
        maps = check_feature_maps(output, inputs.shape[0])
        check_channels_first(maps, inputs)
        leaves[:] = [maps.detach().clone().requires_grad_()]
        torch.set_grad_enabled(True)
        return leaves[0].clone()  # in-place layers must not change the leaf tensor

    with (
        torch.inference_mode(mode=False),
        torch.no_grad(),
        eval_mode(model),
        replace_output(layer, keep),
    ):
        logits = class_scores(model(inputs))
    if not leaves:
        raise WrongLayer(f"the forward pass never reached {describe_layer(layer)}")
    return AutogradForwardPass(logits, leaves[0])


def describe_layer(layer: nn.Module) -> str:
    """The words for a layer in an error message."""
    return f"the target layer ({type(layer).__name__})"


def check_feature_maps(output: Any, photos: int) -> Tensor:
    """`output` if it is a stack of feature maps (N, K, h, w) larger than one cell.

    Raises WrongLayer for anything else.
    """
    needed = f"needed is ({photos}, channels, height, width) with more than one cell"
    if not isinstance(output, Tensor):
        raise WrongLayer(f"the target layer gives a {type(output).__name__}; {needed}")
    shape = tuple(output.shape)
    if len(shape) != 4 or shape[0] != photos or shape[2] * shape[3] < 2:
        raise WrongLayer(f"the target layer gives shape {shape}; {needed}")
    return output


def check_channels_first(maps: Tensor, inputs: Tensor) -> None:
    """Raises WrongLayer for maps (N, h, w, K), recognised by sides in the photo's proportion."""
    _, one, two, last = maps.shape
    wide = inputs.shape[3] / inputs.shape[2]

    def as_wide_as_photo(height: int, width: int) -> bool:
        return abs(width - wide * height) <= max(1.0, wide)

    if as_wide_as_photo(one, two) and not as_wide_as_photo(two, last):
        raise WrongLayer(
            f"the target layer gives shape {tuple(maps.shape)}, channels last; needed are channels "
            "first: choose the layer that permutes them, or put "
            "torchvision.ops.Permute([0, 3, 1, 2]) behind this one"
        )


def class_scores(output: Any) -> Tensor:
    """The logits (N, classes) in a model's output: the output itself, its first or a named member.

    Raises WrongInput for an output without logits.
    """
    if isinstance(output, Mapping):
        output = output.get("logits", next(iter(output.values()), None))
    elif not isinstance(output, Tensor) and hasattr(output, "logits"):
        output = output.logits
    elif isinstance(output, (tuple, list)) and output:
        output = output[0]
    if not isinstance(output, Tensor) or output.ndim != 2:
        shape = getattr(output, "shape", None)
        found = tuple(shape) if shape is not None else type(output).__name__
        raise WrongInput(f"a model whose output is {found}", "logits of shape (N, classes)")
    return output


def _occurrences(photos: Sequence[int]) -> list[int]:
    """For each pair, how many earlier pairs have the same photo."""
    counts: dict[int, int] = {}
    turns = []
    for photo in photos:
        turns.append(counts.get(photo, 0))
        counts[photo] = turns[-1] + 1
    return turns
