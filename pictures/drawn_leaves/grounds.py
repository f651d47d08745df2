"""What drawn leaves lie on or hang before: a grey table, soil, a canopy out of focus."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from pictures.drawn_leaves.noise import Field, fractal_noise, mixed, smooth_noise, smoothstep


@dataclass(frozen=True)
class Ground:
    """`picture` is (h, w, 3) in 0..1; `shadow` says how dark a leaf's shadow falls on it."""

    picture: Field
    shadow: float


def _tinted(light: NDArray[np.floating], colour: tuple[float, float, float]) -> Field:
    return np.asarray(light[..., None] * np.array(colour), dtype=np.float32)


def _ramp(rng: np.random.Generator, shape: tuple[int, int], strength: float) -> Field:
    """Light that falls off across the photo in a random direction; 1 on average."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    angle = rng.uniform(0.0, 2.0 * np.pi)
    along = (columns / shape[1] - 0.5) * np.cos(angle) + (rows / shape[0] - 0.5) * np.sin(angle)
    return np.asarray(1.0 + strength * along, dtype=np.float32)


def table(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Ground:
    grain = rng.standard_normal(shape, dtype=np.float32) * 0.035
    light = 0.6 + grain + 0.03 * smooth_noise(rng, shape, 2.5 * scale)
    light += 0.015 * fractal_noise(rng, shape, 160 * scale, 3)
    warmth = rng.uniform(-0.05, 0.05)
    colour = (1.0 + warmth, 0.965, 1.02 - warmth)
    return Ground(_tinted(light * _ramp(rng, shape, 0.25), colour), 0.72)


def soil(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Ground:
    lumps = fractal_noise(rng, shape, 42 * scale, 5)
    rows, columns = np.gradient(lumps)
    light = 0.36 - 0.65 * scale * (columns + rows) + 0.045 * lumps
    light += 0.03 * rng.standard_normal(shape, dtype=np.float32)
    light = np.clip(light, 0.05, 0.85)
    picture = _tinted(light * _ramp(rng, shape, 0.3), (1.12, 0.86, 0.64))
    crumbs = smoothstep(smooth_noise(rng, shape, 7 * scale), 1.9, 2.3)
    pale = _tinted(light + 0.14, (1.05, 0.98, 0.82))
    return Ground(mixed(picture, pale, crumbs * 0.8), 0.68)


def canopy(rng: np.random.Generator, shape: tuple[int, int], scale: float) -> Ground:
    """Leaves and gaps of sky far behind the focus: soft discs, drawn small."""
    height, width = (max(8, round(side / 4)) for side in shape)
    small = Image.new("RGB", (width, height), (28, 44, 24))
    pen = ImageDraw.Draw(small)
    for nearness in np.linspace(0.3, 1.0, 90):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        reach = min(width, height) * rng.uniform(0.04, 0.16)
        if rng.random() < 0.06:
            colour, reach = (225, 232, 220), reach / 3.0
        else:
            bright = nearness * rng.uniform(60, 150)
            colour = (int(bright * rng.uniform(0.5, 0.95)), int(bright), int(bright * 0.45))
        flat = reach * rng.uniform(0.35, 1.0)
        pen.ellipse([x - reach, y - flat, x + reach, y + flat], fill=colour)
    blurred = small.filter(ImageFilter.GaussianBlur(3.5 * scale))
    blurred = blurred.resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return Ground(np.asarray(blurred, dtype=np.float32) / 255.0, 0.0)


GROUNDS: tuple[Callable[[np.random.Generator, tuple[int, int], float], Ground], ...] = (
    table,
    soil,
    canopy,
)
