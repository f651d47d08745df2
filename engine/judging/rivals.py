"""Two models on the same photos."""

from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Rivalry:
    """Photos that both, one or none got right. `p_value`: how likely so uneven a split of those
    that one alone got right is between equally good models; exact test of McNemar 1947."""

    both: int
    first_only: int
    second_only: int
    neither: int
    p_value: float


def rivalry(first: Bools, second: Bools) -> Rivalry:
    """first, second: whether each was right, photo by photo, (n,)."""
    one, other = int((first & ~second).sum()), int((second & ~first).sum())
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    return Rivalry(both, one, other, neither, _two_sided(one, other))


def _two_sided(one: int, other: int) -> float:
    """Of a fair coin thrown one + other times."""
    count = one + other
    tail = sum(comb(count, few) for few in range(min(one, other) + 1))
    return min(1.0, float(2 * tail / 2**count))
