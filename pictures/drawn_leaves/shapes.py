"""Outlines and veins of drawn leaves, in the leaf's own coordinates.

`u` runs along the midrib, 0 at the base and 1 at the tip; `v` runs across it. Both are in leaf
lengths. Points are arrays of shape (n, 2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


class Vein(NamedTuple):
    """A line that tapers from `width` (in leaf lengths) to a third of it."""

    points: Points
    width: float


@dataclass(frozen=True)
class Shape:
    """`length` is the leaf's length as a share of the photo's short side, `bend` the bow of its
    midrib, `fold` how far its halves rise beside the midrib, `middle` the place of the leaf that
    comes to the photo's middle, `ribbed` whether fine ribs run along it."""

    name: str
    outline: Points
    veins: list[Vein]
    length: float
    bend: float
    fold: float
    middle: float
    ribbed: bool = False

    def bow(self, u: NDArray[np.floating]) -> NDArray[np.floating]:
        """How far the midrib lies aside at `u`."""
        return 4.0 * self.bend * u * (1.0 - u)


def _teeth(along: Points, count: float, depth: float) -> Points:
    """A saw edge: each tooth rises slowly and falls at once."""
    return depth * ((along * count) % 1.0 - 0.5)


def _side_veins(
    start: Points,
    end: Points,
    rng: np.random.Generator,
    reach: tuple[float, float],
    pairs: int,
) -> list[Vein]:
    """Pairs of veins that leave the line from `start` to `end` and curve forward.

    `reach` is how far they go at the start and at the end.
    """
    along = end - start
    across = np.array([-along[1], along[0]]) / np.linalg.norm(along)
    forward = along / np.linalg.norm(along)
    steps = np.linspace(0.0, 1.0, 7)[:, None]
    veins = []
    for place in np.linspace(0.06, 0.88, pairs):
        for side in (-1.0, 1.0):
            root = start + along * (place + rng.uniform(-0.015, 0.015))
            far = reach[0] + (reach[1] - reach[0]) * place
            curve = across * side * far * steps + forward * far * (0.55 * steps + 0.45 * steps**2)
            veins.append(Vein(root + curve, 0.0042))
    return veins


def ovate(rng: np.random.Generator) -> Shape:
    """Like an apple or potato leaf: egg-shaped, finely toothed, veins in pairs."""
    breadth, tip = rng.uniform(0.29, 0.36), rng.uniform(0.75, 1.05)
    u = (1.0 - np.cos(np.linspace(0.0, np.pi, 220))) / 2.0
    profile = u**0.55 * (1.0 - u) ** tip
    profile *= breadth / profile.max()
    sides = []
    for side in (1.0, -1.0):
        waves = 1.0 + 0.03 * np.sin(u * rng.uniform(7, 12) + rng.uniform(0, 6))
        teeth = _teeth(u, 30, 0.016) * np.minimum(1.0, profile / 0.1)
        sides.append(np.stack([u, side * np.maximum(profile * waves + teeth, 0.0)], axis=1))
    outline = np.concatenate([sides[0], sides[1][::-1]])
    base, end = np.array([0.0, 0.0]), np.array([1.0, 0.0])
    veins = [Vein(np.stack([np.linspace(-0.25, 0.99, 9), np.zeros(9)], axis=1), 0.015)]
    veins += _side_veins(base, end, rng, (1.05 * breadth, 0.45 * breadth), 8)
    bend, fold = rng.uniform(-0.07, 0.07), rng.uniform(0.14, 0.3)
    return Shape("ovate", outline, veins, rng.uniform(0.98, 1.12), bend, fold, middle=0.48)


def strip(rng: np.random.Generator) -> Shape:
    """Like a maize or sugarcane leaf: a ribbon through the photo, ribbed, one pale midrib."""
    breadth = rng.uniform(0.085, 0.115)
    u = np.linspace(0.0, 1.0, 160)
    sides = []
    for side in (1.0, -1.0):
        waves = 1.0 + 0.04 * np.sin(u * rng.uniform(14, 24) + rng.uniform(0, 6))
        profile = breadth * (1.0 - u**5) * waves
        sides.append(np.stack([u, side * profile], axis=1))
    outline = np.concatenate([sides[0], sides[1][::-1]])
    midrib = Vein(np.stack([np.linspace(0.0, 0.98, 9), np.zeros(9)], axis=1), 0.016)
    bend, fold = rng.uniform(-0.06, 0.06), rng.uniform(0.12, 0.3)
    return Shape("strip", outline, [midrib], 2.5, bend, fold, rng.uniform(0.42, 0.56), ribbed=True)


_LOBES = np.radians([0.0, 58.0, 116.0])  # where the lobes of one half point
_ANGLES = np.radians([0.0, 14.0, 31.0, 47.0, 58.0, 70.0, 88.0, 104.0, 116.0, 132.0, 160.0, 180.0])
_RADII = np.array([0.72, 0.62, 0.47, 0.57, 0.62, 0.55, 0.43, 0.49, 0.52, 0.46, 0.34, 0.05])
_JUNCTION = np.array([0.28, 0.0])  # where stalk and main veins meet


def lobed(rng: np.random.Generator) -> Shape:
    """Like a grape leaf: five lobes, coarse teeth, main veins from one point."""
    half = np.linspace(0.0, np.pi, 260)
    sides = []
    for side in (1.0, -1.0):
        radii = np.interp(half, _ANGLES, _RADII * rng.uniform(0.95, 1.05, len(_RADII)))
        depth = np.interp(half, np.linspace(0.0, np.pi, 12), rng.uniform(0.02, 0.06, 12))
        radii -= _teeth(half, 6.1, 1.0) * depth * np.minimum(1.0, radii / 0.3)
        rim = np.stack([np.cos(half) * radii, side * np.sin(half) * radii], axis=1)
        sides.append(_JUNCTION + rim)
    outline = np.concatenate([sides[0], sides[1][::-1]])
    stalk = Vein(np.stack([np.linspace(-0.2, 0.28, 5), np.zeros(5)], axis=1), 0.016)
    veins = [stalk]
    for lobe, angle in enumerate([*_LOBES, *-_LOBES[1:]]):
        length = 0.95 * float(np.interp(abs(angle), _ANGLES, _RADII))
        end = _JUNCTION + length * np.array([np.cos(angle), np.sin(angle)])
        veins.append(Vein(np.linspace(_JUNCTION, end, 7), 0.011 if lobe else 0.013))
        veins += _side_veins(_JUNCTION, end, rng, (0.42 * length, 0.19 * length), 6)
    return Shape("lobed", outline, veins, rng.uniform(0.82, 0.9), 0.0, 0.12, middle=0.44)


SHAPES: tuple[Callable[[np.random.Generator], Shape], ...] = (ovate, strip, lobed)
