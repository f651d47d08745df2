"""The colour and the relief of a drawn leaf, and the light on it."""

from dataclasses import dataclass

import numpy as np

from pictures.drawn_leaves.noise import Field, fractal_noise, mixed, smooth_noise, softened
from pictures.drawn_leaves.shapes import Shape

_GREENS = ((0.26, 0.39, 0.19), (0.34, 0.46, 0.21), (0.21, 0.34, 0.19), (0.36, 0.45, 0.19))
_RIBBON_GREENS = ((0.37, 0.51, 0.31), (0.45, 0.57, 0.35), (0.30, 0.46, 0.30))
_VEIN = (0.66, 0.72, 0.44)
_MIDRIB = (0.84, 0.88, 0.72)


@dataclass(frozen=True)
class Surface:
    """`colour` (h, w, 3) under flat light, `height` in pixels towards the camera."""

    colour: Field
    height: Field


def _ribs(rng: np.random.Generator, v: Field, length: float) -> Field:
    """Fine lines along the leaf: noise of `v` alone."""
    lines = rng.standard_normal(4096, dtype=np.float32)
    at = np.abs(v * np.float32(length / 2.2) + 2048.0)
    fine = np.interp(at, np.arange(4096), lines).astype(np.float32)
    coarse = np.interp(at / 4.0 + 300.0, np.arange(4096), lines).astype(np.float32)
    return np.asarray(0.7 * fine + coarse, dtype=np.float32)


def _colour(
    rng: np.random.Generator, shape: Shape, ribs: Field, veins: Field, unit: float
) -> Field:
    greens = _RIBBON_GREENS if shape.ribbed else _GREENS
    base = np.array(greens[int(rng.integers(len(greens)))]) * rng.uniform(0.92, 1.08)
    tone = 1.0 + 0.07 * fractal_noise(rng, veins.shape, 120 * unit, 5) + 0.035 * ribs
    yellow = np.clip(0.12 * smooth_noise(rng, veins.shape, 150 * unit), 0.0, 0.35)
    colour = base.astype(np.float32) * tone[..., None]
    colour = mixed(colour, colour * np.array([1.35, 1.16, 0.9], dtype=np.float32), yellow)
    light = np.array(_MIDRIB if shape.ribbed else _VEIN, dtype=np.float32)
    return mixed(colour, light, veins * (0.85 if shape.ribbed else 0.6))


def surface(
    rng: np.random.Generator,
    shape: Shape,
    coordinates: tuple[Field, Field],
    veins: Field,
    length: float,
) -> Surface:
    """The leaf without lesions; `veins` (h, w) in 0..1, `length` of the leaf in pixels."""
    u, v = coordinates
    unit = min(veins.shape) / 480
    ribs = _ribs(rng, v, length) if shape.ribbed else np.zeros_like(veins)
    height = shape.fold * length * np.sqrt(v**2 + 4e-4)
    height += 0.25 * length * rng.uniform(-0.5, 0.5) * (u - 0.5) ** 2
    height += 0.10 * length * np.minimum(v**2, 0.04) * np.sin(u * rng.uniform(14, 26))
    if shape.ribbed:
        height += 0.16 * unit * ribs
    else:
        height -= unit * (11.0 * softened(veins, 8 * unit) + 1.0 * softened(veins, 2.5 * unit))
        height -= 0.36 * unit * np.abs(fractal_noise(rng, veins.shape, 13 * unit, 3))
    height += (0.08 if shape.ribbed else 0.2) * unit * fractal_noise(rng, veins.shape, 8 * unit, 2)
    colour = _colour(rng, shape, ribs, veins, unit)
    return Surface(colour, height.astype(np.float32))


def lit(rng: np.random.Generator, surface: Surface, sun: tuple[float, float]) -> Field:
    """The surface under sky light and a sun at `sun` (x, y towards it, z is 1), with its sheen."""
    down, right = np.gradient(surface.height)
    steep = 1.0 / np.sqrt(right**2 + down**2 + 1.0)
    ray = np.array([*sun, 1.0]) / np.linalg.norm([*sun, 1.0])
    facing = np.clip((-right * ray[0] - down * ray[1] + ray[2]) * steep, 0.0, None)
    half = ray + np.array([0.0, 0.0, 1.0])
    half /= np.linalg.norm(half)
    mirror = np.clip((-right * half[0] - down * half[1] + half[2]) * steep, 0.0, 1.0)
    gloss = rng.uniform(0.14, 0.36)
    sheen = gloss * mirror**22 * np.array([0.92, 0.97, 1.0], dtype=np.float32)[:, None, None]
    shade = 0.42 + 0.72 * facing / ray[2]
    picture = surface.colour * shade[..., None] + np.moveaxis(sheen, 0, -1)
    return np.asarray(picture, dtype=np.float32)
