"""Scaled maps of (photo, class) pairs: by gradients in torch, by the closed form in numpy."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from engine.cam.forward import ForwardPass
from engine.cam.linear_head import LinearHeadForwardPass
from engine.cam.methods import divide_by_peak, get_method

Array = npt.NDArray[np.float32]


class Cams(NamedTuple):
    """`maps`: float32 (pairs, h, w) in [0, 1]. `peaks`: what each was divided by, (pairs,);
    maps times peaks are comparable between the classes of one photo and method."""

    maps: Array
    peaks: Array


class GraphForwardPass(LinearHeadForwardPass):
    """The forward pass of an exported graph: on the CPU, in float32."""


def compute_cams(
    forward: ForwardPass, photos: Sequence[int], classes: Sequence[int], methods: Sequence[str]
) -> Cams:
    """The maps of all pairs, each by its own method.

    After a graph nothing is computed in torch: torch's threads would spin on the graph's cores.
    """
    if isinstance(forward, GraphForwardPass) and _CLOSED_FORMS.keys() >= set(methods):
        return _closed_form(forward, photos, classes, methods)
    gradients = forward.gradients(photos, classes).float()
    with torch.no_grad(), torch.autocast(gradients.device.type, enabled=False):
        activations = forward.activations[list(photos)].float()
        maps = torch.empty_like(activations[:, 0])
        for name in set(methods):
            own = [i for i, used in enumerate(methods) if used == name]
            maps[own] = get_method(name)(activations[own], gradients[own])
        return Cams(divide_by_peak(maps).cpu().numpy(), maps.amax(dim=(1, 2)).cpu().numpy())


def _closed_form(
    forward: GraphForwardPass, photos: Sequence[int], classes: Sequence[int], methods: Sequence[str]
) -> Cams:
    """Maps where one gradient g_k holds for all cells of channel k. Every method is then ReLU(sum_k
    v_k A_k), with v out of `_CLOSED_FORMS`."""
    activations, weights = forward.activations.numpy(), forward.weights.numpy()
    count, channels, height, width = activations.shape
    cells = activations.reshape(count, channels, height * width)
    maps = np.empty((len(photos), height * width), np.float32)
    for row, (photo, index, name) in enumerate(zip(photos, classes, methods, strict=True)):
        gradient = weights[index] / np.float32(height * width)
        maps[row] = _CLOSED_FORMS[name](gradient, cells[photo]) @ cells[photo]
    np.maximum(maps, 0, out=maps)
    peak = maps.max(axis=1, keepdims=True)
    maps /= np.where(peak > 0, peak, np.float32(1))
    return Cams(maps.reshape(-1, height, width), peak[:, 0])


def _plain(gradient: Array, cells: Array) -> Array:  # noqa: ARG001 -- as the others
    return gradient


def _positive(gradient: Array, cells: Array) -> Array:  # noqa: ARG001 -- as the others
    return np.maximum(gradient, 0)


def _by_share(gradient: Array, cells: Array) -> Array:
    total = cells.sum(axis=1)
    shared: Array = gradient * total / (total + np.float32(1e-7))
    return shared


def _by_alpha(gradient: Array, cells: Array) -> Array:
    square = gradient * gradient
    alpha = square / (2 * square + cells.sum(axis=1) * square * gradient + np.float32(1e-6))
    weighted: Array = cells.shape[1] * alpha * np.maximum(gradient, 0)
    return weighted


# (g (K,), A (K, cells)) -> v (K,), for the methods of `engine.cam.methods` by name.
_CLOSED_FORMS: dict[str, Callable[[Array, Array], Array]] = {
    "gradcam": _plain,
    "hirescam": _plain,
    "xgradcam": _by_share,
    "gradcam++": _by_alpha,
    "layercam": _positive,
}
