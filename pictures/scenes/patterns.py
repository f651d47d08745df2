"""What repeats: stripes, squares, weave, bricks, the grain of wood."""

import numpy as np
from PIL import Image, ImageDraw

from pictures.drawn_leaves.noise import Field, fractal_noise, smooth_noise, smoothstep
from pictures.scenes.canvas import Shape, any_colour, near, shaded, tinted, uneven


def _turned(rng: np.random.Generator, shape: Shape) -> tuple[Field, Field]:
    """Coordinates in pixels along and across a random direction, slightly bent."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    angle = rng.uniform(0, np.pi)
    bend = smooth_noise(rng, shape, 0.7 * min(shape)) * rng.uniform(0, 0.02) * min(shape)
    along = columns * np.cos(angle) + rows * np.sin(angle) + bend
    across = rows * np.cos(angle) - columns * np.sin(angle) + bend
    return along.astype(np.float32), across.astype(np.float32)


def _between(rng: np.random.Generator, share: Field) -> Field:
    """Two colours, the second where `share` is 1."""
    one, other = (np.array(any_colour(rng)) / 255 for _ in range(2))
    return np.asarray(one + (other - one) * share[..., None], dtype=np.float32)


def stripes(rng: np.random.Generator, shape: Shape) -> Field:
    along, _ = _turned(rng, shape)
    width = rng.uniform(0.02, 0.2) * min(shape)
    wave = np.asarray(np.sin(along * (2 * np.pi / width)), np.float32)
    picture = _between(rng, smoothstep(wave, -0.3, 0.3))
    return picture * uneven(rng, shape, 0.06)[..., None]


def checkers(rng: np.random.Generator, shape: Shape) -> Field:
    along, across = _turned(rng, shape)
    side = rng.uniform(0.04, 0.2) * min(shape)
    odd = (np.floor(along / side) + np.floor(across / side)) % 2
    return _between(rng, odd.astype(np.float32)) * uneven(rng, shape, 0.06)[..., None]


def fabric(rng: np.random.Generator, shape: Shape) -> Field:
    """Threads over and under one another, and folds."""
    along, across = _turned(rng, shape)
    pitch = 2 * np.pi / (rng.uniform(0.012, 0.05) * min(shape))
    over = np.sin(along * pitch) * np.sin(across * pitch)
    folds = fractal_noise(rng, shape, rng.uniform(0.2, 0.8) * min(shape), 2)
    light = 0.9 + rng.uniform(0.05, 0.2) * over + rng.uniform(0.03, 0.12) * folds
    return tinted(light, any_colour(rng, 40, 250))


def wood(rng: np.random.Generator, shape: Shape) -> Field:
    """Year rings cut along, on boards."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32) / min(shape)
    board = np.floor(rows * rng.uniform(1, 4))
    stretched = smooth_noise(rng, shape, 0.4 * min(shape)) * rng.uniform(0.02, 0.12)
    rings = np.sin((rows + stretched + 0.07 * columns + board * 0.37) * rng.uniform(20, 70))
    pores = smooth_noise(rng, shape, 1.5)
    light = 0.85 + 0.1 * rings + 0.05 * pores - 0.3 * (np.abs(rows % 0.33) < 0.005)
    return tinted(light, near(rng, (176, 124, 76), 45))


def bricks(rng: np.random.Generator, shape: Shape) -> Field:
    """Courses of bricks, each half a brick further."""
    high = max(6, round(rng.uniform(0.06, 0.16) * min(shape)))
    wide, gap = round(high * rng.uniform(1.8, 3)), max(1, high // 10)
    image = Image.new("RGB", (shape[1], shape[0]), near(rng, (185, 180, 172), 25))
    pen, clay = ImageDraw.Draw(image), near(rng, (150, 75, 55), 35)
    for course, y in enumerate(range(-high // 2, shape[0], high)):
        for x in range(-wide + course % 2 * wide // 2, shape[1], wide):
            pen.rectangle([x, y, x + wide - gap, y + high - gap], fill=near(rng, clay, 18))
    rough = 1 + 0.07 * fractal_noise(rng, shape, 5.0, 2)
    return shaded(rng, image) * rough[..., None].astype(np.float32)
