"""The methods in NumPy, from given gradients, for heads of any kind.

As those of `engine.cam.torch_methods`, of one photo and class: activations A and gradients dy/dA,
both float32 (K, cells), give a map (cells,), not yet clipped and scaled.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.cam.array_output import Array, ArrayOutput, Cams, scaled_to_peak

Gradient = Callable[[Array, int], Array]
"""Activations (1, K, h, w) and a class -> d logit / d activations, of the same shape."""


@dataclass(frozen=True)
class GradientOutput(ArrayOutput):
    """`gradient` computes what the maps are made of."""

    gradient: Gradient

    def cams(self, photos: Sequence[int], classes: Sequence[int], methods: Sequence[str]) -> Cams:
        """The maps of all pairs, each by its own method."""
        channels, height, width = self.activations.shape[1:]
        maps = np.empty((len(photos), height * width), np.float32)
        for row, (photo, index, name) in enumerate(zip(photos, classes, methods, strict=True)):
            cells = self.activations[photo].reshape(channels, -1)
            gradients = self.gradient(self.activations[photo : photo + 1], index)
            maps[row] = _METHODS[name](cells, gradients.reshape(channels, -1))
        return scaled_to_peak(maps, height, width)


def _grad_cam(cells: Array, gradients: Array) -> Array:
    return _weighted(cells, gradients.mean(axis=1))


def _hires_cam(cells: Array, gradients: Array) -> Array:
    summed: Array = (cells * gradients).sum(axis=0)
    return summed


def _x_grad_cam(cells: Array, gradients: Array) -> Array:
    total = cells.sum(axis=1, keepdims=True)
    return _weighted(cells, (gradients * cells / (total + np.float32(1e-7))).sum(axis=1))


def _grad_cam_plus_plus(cells: Array, gradients: Array) -> Array:
    square, total = gradients * gradients, cells.sum(axis=1, keepdims=True)
    alpha = square / (2 * square + total * square * gradients + np.float32(1e-6))
    return _weighted(cells, (alpha * np.maximum(gradients, 0)).sum(axis=1))


def _layer_cam(cells: Array, gradients: Array) -> Array:
    return _hires_cam(cells, np.maximum(gradients, 0))


def _weighted(cells: Array, weights: Array) -> Array:
    summed: Array = weights @ cells
    return summed


_METHODS: dict[str, Callable[[Array, Array], Array]] = {
    "gradcam": _grad_cam,
    "hirescam": _hires_cam,
    "xgradcam": _x_grad_cam,
    "gradcam++": _grad_cam_plus_plus,
    "layercam": _layer_cam,
}
