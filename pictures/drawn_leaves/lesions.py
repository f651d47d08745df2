"""Lesions on a drawn leaf: a field `rho` that is 0 in the middle of a lesion, 1 at its rim."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pictures.drawn_leaves.diseases import Disease
from pictures.drawn_leaves.noise import Field, fractal_noise, smooth_noise

_FAR = 9.0  # rho where no lesion is near


@dataclass(frozen=True)
class DrawnLesions:
    """`rho`, `opacity` and `relief` (in pixels of height) are (h, w), `colour` is (h, w, 3)."""

    rho: Field
    colour: Field
    opacity: Field
    relief: Field


def _stamp(rho: Field, y: float, x: float, radii: tuple[float, float], angle: float) -> None:
    """Lower `rho` around one lesion."""
    reach = 2.2 * max(radii) + 2.0
    top, left = (max(0, int(c - reach)) for c in (y, x))
    window = rho[top : int(y + reach) + 1, left : int(x + reach) + 1]
    rows, columns = np.ogrid[: window.shape[0], : window.shape[1]]
    down, right = rows + (top - y), columns + (left - x)
    along = (right * np.cos(angle) + down * np.sin(angle)) / radii[0]
    across = (down * np.cos(angle) - right * np.sin(angle)) / radii[1]
    np.minimum(window, np.hypot(along, across), out=window)


def draw_lesions(
    disease: Disease, rng: np.random.Generator, blade: NDArray[np.bool_], along: float
) -> DrawnLesions:
    """Lesions with their middles on the `blade`, stretched mostly in the direction `along`."""
    side = min(blade.shape)
    places = np.argwhere(blade)
    rho = np.full(blade.shape, _FAR, dtype=np.float32)
    for _ in range(int(rng.integers(disease.count[0], disease.count[1] + 1))):
        radius = max(0.8, side * float(rng.uniform(*disease.radius) * rng.uniform(0.6, 1.0)))
        tries = places[rng.integers(0, len(places), 12)]
        free = [(y, x) for y, x in tries if rho[y, x] > disease.apart + 1.0]
        y, x = free[0] if free else tries[0]
        stretch = float(np.sqrt(rng.uniform(1.0, disease.stretch)))
        _stamp(rho, y, x, (radius * stretch, radius / stretch), along + rng.normal(0.0, 0.35))
    typical = side * sum(disease.radius) / 2.0
    rho += disease.ragged * fractal_noise(rng, blade.shape, disease.grain * typical, 3)
    return _painted(disease, rng, np.maximum(rho, 0.0), typical)


def _painted(
    disease: Disease, rng: np.random.Generator, rho: Field, typical: float
) -> DrawnLesions:
    at, red, green, blue, opacity = np.array(disease.stops, dtype=np.float32).T
    bands = [np.interp(rho, at, band).astype(np.float32) for band in (red, green, blue)]
    colour = np.stack(bands, axis=-1)
    inside = np.clip(1.0 - rho, 0.0, 1.0)
    relief = disease.rise * typical * np.sqrt(inside)
    if disease.rough:
        wrinkles = smooth_noise(rng, rho.shape, max(3.0, typical / 6.0))
        colour = colour * (1.0 + disease.rough * 0.5 * wrinkles * (inside > 0.0))[..., None]
        relief = relief + disease.rough * 1.5 * wrinkles * np.minimum(1.0, inside * 4.0)
    return DrawnLesions(
        rho, colour, np.interp(rho, at, opacity).astype(np.float32), relief.astype(np.float32)
    )
