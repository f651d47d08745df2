"""A forward pass in NumPy, and the maps that are made of it. No torch: its threads would spin on
the cores of an exported graph."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class Cams(NamedTuple):
    """`maps`: float32 (pairs, h, w) in [0, 1]. `peaks`: what each was divided by, (pairs,);
    maps times peaks are comparable between the classes of one photo and method."""

    maps: Array
    peaks: Array


@dataclass(frozen=True)
class ArrayOutput:
    """The result of a forward pass of N photos, float32: `logits` (N, classes), `activations` (N,
    K, h, w)."""

    logits: Array
    activations: Array

    def pooled(self) -> Array:
        """The mean of each feature map, (N, K)."""
        means: Array = self.activations.mean(axis=(2, 3))
        return means


def scaled_to_peak(maps: Array, height: int, width: int) -> Cams:
    """Maps (pairs, cells), clipped at zero and divided by their maxima, in place."""
    np.maximum(maps, 0, out=maps)
    peak = maps.max(axis=1, keepdims=True)
    maps /= np.where(peak > 0, peak, np.float32(1))
    return Cams(maps.reshape(-1, height, width), peak[:, 0])
