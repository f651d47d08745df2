"""Where no leaf is in focus: sky, earth, stones, water, lawn, a blur of green."""

import numpy as np
from PIL import Image, ImageDraw

from pictures.drawn_leaves.grounds import canopy
from pictures.drawn_leaves.grounds import soil as bare_soil
from pictures.drawn_leaves.noise import Field, fractal_noise, mixed, smoothstep
from pictures.scenes.canvas import Shape, near, shaded, tinted


def bokeh(rng: np.random.Generator, shape: Shape) -> Field:
    """Plants far behind the focus, from near black to pale green."""
    picture = canopy(rng, shape, min(shape) / 480 * rng.uniform(0.7, 2.5)).picture
    return np.asarray(picture * rng.uniform(0.6, 1.5, 3), dtype=np.float32)


def soil(rng: np.random.Generator, shape: Shape) -> Field:
    """Bare earth from black to red and sandy."""
    picture = bare_soil(rng, shape, min(shape) / 480 * rng.uniform(0.5, 2.0)).picture
    return np.asarray(picture * rng.uniform(0.6, 1.5, 3), dtype=np.float32)


def sky(rng: np.random.Generator, shape: Shape) -> Field:
    """Blue, grey or evening light with clouds, sometimes over a horizon."""
    zenith = np.array(near(rng, (90, 140, 205), 50)) / 255
    height = np.linspace(0, rng.uniform(0.2, 0.6), shape[0])[:, None, None]
    blue = np.broadcast_to(zenith + (1 - zenith) * height, (*shape, 3)).astype(np.float32)
    clouds = fractal_noise(rng, shape, rng.uniform(0.2, 0.7) * min(shape), 5)
    cover = smoothstep(clouds, rng.uniform(-1, 1), 2.0)
    picture = mixed(blue, tinted(0.95 + 0.05 * clouds, near(rng, (235, 235, 240), 15)), cover)
    if rng.random() < 0.3:
        land = round(shape[0] * rng.uniform(0.6, 0.95))
        picture[land:] = tinted(1 + 0.1 * clouds, near(rng, (70, 80, 50), 30))[land:]
    return picture


def water(rng: np.random.Generator, shape: Shape) -> Field:
    """Ripples that grow towards the viewer, with glints."""
    rows, columns = np.mgrid[0.15 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j].astype(np.float32)
    bent = fractal_noise(rng, shape, 0.2 * min(shape), 4)
    ripples = np.sin(rng.uniform(15, 40) / rows + bent * 2 + columns * 3) + 0.5 * bent
    glints = smoothstep(np.asarray(ripples, np.float32), 1.3, 1.8)
    picture = tinted(0.8 + 0.15 * ripples, near(rng, (70, 110, 125), 40))
    return mixed(picture, tinted(np.ones(shape), (245, 248, 250)), glints * 0.8)


def gravel(rng: np.random.Generator, shape: Shape) -> Field:
    """Stones of many greys, the small ones below."""
    image = Image.new("RGB", (shape[1], shape[0]), (58, 54, 50))
    pen, stone = ImageDraw.Draw(image), near(rng, (140, 134, 126), 25)
    largest = min(shape) * rng.uniform(0.03, 0.09)
    for reach in np.linspace(largest * 0.4, largest, 700):
        x, y, colour = rng.uniform(0, shape[1]), rng.uniform(0, shape[0]), near(rng, stone, 40)
        flat = reach * rng.uniform(0.6, 1)
        pen.ellipse([x - reach, y - flat + 1, x + reach, y + flat + 1], fill=(40, 38, 36))
        pen.ellipse([x - reach, y - flat, x + reach, y + flat], fill=colour)
    rough = 1 + 0.1 * fractal_noise(rng, shape, 4.0, 2)
    return shaded(rng, image) * rough[..., None].astype(np.float32)


def grass(rng: np.random.Generator, shape: Shape) -> Field:
    """A lawn from above: many thin blades, none of them a leaf to look at."""
    image = Image.new("RGB", (shape[1], shape[0]), (38, 46, 24))
    pen, green = ImageDraw.Draw(image), near(rng, (95, 135, 55), 30)
    length = min(shape) * rng.uniform(0.06, 0.16)
    for depth in np.linspace(0.4, 1, 1500):
        x, y = rng.uniform(0, shape[1]), rng.uniform(0, shape[0] * 1.1)
        lean = rng.normal(0, 0.5) * length
        red, lit, blue = near(rng, green, 25)
        colour = int(red * depth), int(lit * depth), int(blue * depth)
        pen.line([(x, y), (x + lean * 0.4, y - length * 0.6), (x + lean, y - length)], fill=colour)
    return shaded(rng, image, 0.4)
