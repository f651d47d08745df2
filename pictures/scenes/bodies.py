"""Skin and fur: hands, faces, animals."""

import numpy as np
from PIL import ImageDraw

from pictures.drawn_leaves.noise import Field, fractal_noise, smooth_noise
from pictures.scenes.canvas import (
    SKINS,
    Colour,
    Shape,
    any_colour,
    ball,
    ground,
    near,
    shaded,
    tinted,
    uneven,
)


def _tone(rng: np.random.Generator) -> Colour:
    return near(rng, SKINS[rng.integers(len(SKINS))], 14)


def _darker(colour: Colour, share: float) -> Colour:
    red, green, blue = colour
    return int(red * share), int(green * share), int(blue * share)


def skin(rng: np.random.Generator, shape: Shape) -> Field:
    """Skin so close that nothing else is seen: pores, creases, a little shine."""
    pores = smooth_noise(rng, shape, 0.015 * min(shape))
    creases = np.abs(fractal_noise(rng, shape, 0.15 * min(shape), 3))
    light = uneven(rng, shape, 0.1) + 0.03 * pores - 0.12 * (creases < 0.06)
    return tinted(light, _tone(rng))


def hand(rng: np.random.Generator, shape: Shape) -> Field:
    """A palm with five fingers, from any side."""
    image, unit, tone = ground(rng, shape), min(shape) * rng.uniform(0.07, 0.11), _tone(rng)
    pen = ImageDraw.Draw(image)
    x, y = shape[1] * rng.uniform(0.35, 0.65), shape[0] * rng.uniform(0.4, 0.65)
    turn = rng.uniform(0, 2 * np.pi)
    angles = turn + np.array([-1.1, -0.4, -0.13, 0.13, 0.4]) * rng.uniform(0.8, 1.2)
    for angle, reach in zip(angles, (3.2, 4.8, 5.3, 5.0, 4.2), strict=True):
        for width, colour in ((0.58, _darker(tone, 0.8)), (0.48, tone)):
            for step in np.linspace(1, reach, 24) * unit:
                along, down = np.cos(angle) * step, np.sin(angle) * step
                ball(pen, x + along, y + down, unit * width, colour)
    arm = np.array([-np.cos(turn), -np.sin(turn)]) * unit * 9
    pen.line([(x, y), (x + arm[0], y + arm[1])], fill=tone, width=round(unit * 2.6))
    ball(pen, x, y, unit * 2.1, tone)
    return shaded(rng, image, 0.012 * min(shape))


def face(rng: np.random.Generator, shape: Shape) -> Field:
    """Head, hair, eyes, mouth, shoulders."""
    image, unit, tone = ground(rng, shape), min(shape) * rng.uniform(0.06, 0.1), _tone(rng)
    pen, hair = ImageDraw.Draw(image), near(rng, (60, 45, 35), 40)
    x, y = shape[1] * rng.uniform(0.4, 0.6), shape[0] * rng.uniform(0.4, 0.55)
    cloth = any_colour(rng, 20, 230)
    pen.ellipse([x - 6 * unit, y + 4 * unit, x + 6 * unit, y + 14 * unit], fill=cloth)
    pen.rectangle([x - unit, y + 2 * unit, x + unit, y + 5 * unit], fill=_darker(tone, 0.85))
    pen.ellipse([x - 3.3 * unit, y - 4.6 * unit, x + 3.3 * unit, y + 2 * unit], fill=hair)
    pen.ellipse([x - 2.7 * unit, y - 3.4 * unit, x + 2.7 * unit, y + 3.6 * unit], fill=tone)
    for side in (-1.1, 1.1):
        ball(pen, x + side * unit, y - 0.5 * unit, 0.45 * unit, (240, 240, 238))
        ball(pen, x + side * unit, y - 0.5 * unit, 0.22 * unit, (40, 32, 28))
    pen.line([(x, y), (x, y + unit)], fill=_darker(tone, 0.75), width=max(1, round(unit / 4)))
    mouth = [x - unit, y + 1.5 * unit, x + unit, y + 2.3 * unit]
    pen.ellipse(mouth, fill=near(rng, (170, 80, 80), 20))
    return shaded(rng, image, 0.008 * min(shape))


def animal(rng: np.random.Generator, shape: Shape) -> Field:
    """A dog or a cat that sits before the camera, with fur."""
    image, unit = ground(rng, shape), min(shape) * rng.uniform(0.07, 0.1)
    pen, fur = ImageDraw.Draw(image), near(rng, (150, 110, 75), 70)
    x, y = shape[1] * rng.uniform(0.4, 0.6), shape[0] * rng.uniform(0.3, 0.45)
    pen.ellipse([x - 3.4 * unit, y + unit, x + 3.4 * unit, y + 9 * unit], fill=_darker(fur, 0.9))
    for side in (-1, 1):
        leg = [
            x + (side * 1.6 - 0.8) * unit,
            y + 5 * unit,
            x + (side * 1.6 + 0.8) * unit,
            y + 10 * unit,
        ]
        pen.rounded_rectangle(leg, unit / 2, fill=fur)
        tip = y - rng.uniform(1, 4) * unit
        ear = [
            (x + side * unit, y - 1.6 * unit),
            (x + side * 3 * unit, tip),
            (x + side * 2.5 * unit, y),
        ]
        pen.polygon(ear, fill=_darker(fur, 0.6))
    ball(pen, x, y, 2.5 * unit, fur)
    ball(pen, x, y + unit, 1.3 * unit, near(rng, fur, 30))
    for side in (-1, 1):
        ball(pen, x + side * unit, y - 0.5 * unit, 0.35 * unit, (25, 20, 18))
    ball(pen, x, y + 0.6 * unit, 0.5 * unit, (20, 18, 18))
    hairs = 1 + 0.12 * fractal_noise(rng, shape, 3.0, 2)
    return shaded(rng, image, 0.8) * hairs[..., None].astype(np.float32)
