"""What scenes are painted with: colours, textures, and a pen on a finished ground."""

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image, ImageDraw, ImageFilter

from pictures.drawn_leaves.noise import Field, fractal_noise, smooth_noise

Shape: TypeAlias = tuple[int, int]  # height, width
Colour: TypeAlias = tuple[int, int, int]
SKINS: tuple[Colour, ...] = (
    (241, 205, 178),
    (222, 172, 138),
    (186, 130, 95),
    (134, 88, 62),
    (84, 55, 41),
)


def any_colour(rng: np.random.Generator, low: int = 10, high: int = 245) -> Colour:
    """A random colour, from nearly grey to saturated."""
    gaudy = rng.uniform(low, high, 3)
    red, green, blue = gaudy.mean() + (gaudy - gaudy.mean()) * rng.uniform(0.1, 1.0)
    return int(red), int(green), int(blue)


def near(rng: np.random.Generator, colour: Colour, spread: float) -> Colour:
    """A colour not far from this one, mostly lighter or darker."""
    moved = rng.uniform(-spread, spread) + rng.uniform(-spread, spread, 3) / 3
    red, green, blue = np.clip(np.array(colour) + moved, 0, 255)
    return int(red), int(green), int(blue)


def tinted(light: ArrayLike, colour: Colour) -> Field:
    """Light (h, w), 1 where the colour is full, as a picture (h, w, 3)."""
    return np.asarray(np.asarray(light)[..., None] * (np.array(colour) / 255.0), dtype=np.float32)


def uneven(rng: np.random.Generator, shape: Shape, strength: float, cell: float = 0.5) -> Field:
    """Light around 1 with soft patches; `cell` is a share of the short side."""
    patches = fractal_noise(rng, shape, cell * min(shape), 4)
    return np.asarray(1.0 + strength * patches, dtype=np.float32)


def ground(rng: np.random.Generator, shape: Shape) -> Image.Image:
    """A floor, wall or cloth that something else stands before."""
    light = uneven(rng, shape, rng.uniform(0.02, 0.15), rng.uniform(0.05, 0.8))
    if rng.random() < 0.4:
        light = light + 0.06 * smooth_noise(rng, shape, 2.0)
    return to_image(tinted(light, any_colour(rng, 40, 230)))


def to_image(picture: Field) -> Image.Image:
    return Image.fromarray((np.clip(picture, 0.0, 1.0) * 255.0).astype(np.uint8))


def to_field(image: Image.Image, blur: float = 0.0) -> Field:
    soft = image.filter(ImageFilter.GaussianBlur(blur)) if blur else image
    return np.asarray(soft, dtype=np.float32) / np.float32(255.0)


def shaded(
    rng: np.random.Generator, image: Image.Image, blur: float = 0.6, strength: float = 0.08
) -> Field:
    """The drawn image softened and unevenly lit, as a photo of it would be."""
    field = to_field(image, blur)
    light = uneven(rng, (image.height, image.width), strength)
    return np.asarray(field * light[..., None], dtype=np.float32)


def ball(pen: ImageDraw.ImageDraw, x: float, y: float, reach: float, colour: Colour) -> None:
    """A filled circle."""
    pen.ellipse([x - reach, y - reach, x + reach, y + reach], fill=colour)
