"""Hardly anything: one colour, a gradient, noise, an empty table."""

import numpy as np

from pictures.drawn_leaves.grounds import table
from pictures.drawn_leaves.noise import Field, mixed
from pictures.scenes.canvas import Shape, any_colour, tinted, uneven


def flat(rng: np.random.Generator, shape: Shape) -> Field:
    """A lens cap, a wall, a sheet of card."""
    light = uneven(rng, shape, rng.choice([0.0, 0.02, 0.05]))
    return tinted(light, any_colour(rng, 0, 255))


def gradient(rng: np.random.Generator, shape: Shape) -> Field:
    """Two colours that pass into one another along a line or around a point."""
    rows, columns = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j].astype(np.float32)
    if rng.random() < 0.5:
        angle = rng.uniform(0, 2 * np.pi)
        share = 0.5 + (rows - 0.5) * np.sin(angle) + (columns - 0.5) * np.cos(angle)
    else:
        share = np.hypot(rows - rng.uniform(0, 1), columns - rng.uniform(0, 1))
    share = np.clip(share, 0, 1)
    full = np.ones(shape, np.float32)
    one, other = (tinted(full, any_colour(rng, 0, 255)) for _ in range(2))
    return mixed(one, other, share.astype(np.float32))


def noise(rng: np.random.Generator, shape: Shape) -> Field:
    """Noise whose power falls or rises with frequency: brown, pink, white, blue; grey or not."""
    rows, columns = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None]
    frequency = np.maximum(np.hypot(rows, columns), 1 / max(shape))
    filtered = frequency ** -rng.choice([-0.5, 0.0, 0.5, 1.0, 1.5, 2.0])
    white = rng.standard_normal((3 if rng.random() < 0.7 else 1, *shape))
    waves = np.fft.irfft2(np.fft.rfft2(white) * filtered, shape).transpose(1, 2, 0)
    level = waves / waves.std() * rng.uniform(0.05, 0.3) + rng.uniform(0.2, 0.8, 3)
    return np.asarray(level, dtype=np.float32)


def table_top(rng: np.random.Generator, shape: Shape) -> Field:
    """The grey table that leaves are photographed on, without a leaf."""
    return table(rng, shape, min(shape) / 480).picture
