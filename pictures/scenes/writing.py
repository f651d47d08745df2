"""Paper and screens: what is photographed for its words."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pictures.drawn_leaves.noise import Field
from pictures.scenes.canvas import Shape, any_colour, ground, near, shaded

_WORDS = ("field", "notes", "harvest", "2026", "total", "date", "name", "price", "kg", "soil")


def _line(rng: np.random.Generator, words: int) -> str:
    return " ".join(rng.choice(_WORDS, words))


def _written(
    rng: np.random.Generator, size: tuple[int, int], paper: tuple[int, ...]
) -> Image.Image:
    """A page of `size` (width, height) with a heading, lines of text and sometimes a table."""
    page = Image.new("RGB", size, tuple(paper))
    pen, ink = ImageDraw.Draw(page), near(rng, (30, 30, 40), 30)
    points = max(6.0, size[1] * rng.uniform(0.025, 0.07))
    margin, y = size[0] * rng.uniform(0.05, 0.15), size[1] * 0.06
    pen.text(
        (margin, y),
        _line(rng, 2),
        fill=any_colour(rng, 0, 160),
        font=ImageFont.load_default(points * 1.8),
    )
    y += points * 2.6
    font = ImageFont.load_default(points)
    while y < size[1] - 2 * points:
        if rng.random() < 0.12:
            pen.line([(margin, y), (size[0] - margin, y)], fill=ink)
        elif rng.random() < 0.9:
            pen.text((margin, y), _line(rng, int(rng.integers(2, 9))), fill=ink, font=font)
        y += points * 1.5
    return page


def document(rng: np.random.Generator, shape: Shape) -> Field:
    """A printed page, whole on some ground or so close that it fills the picture."""
    paper = near(rng, (240, 238, 230), 15)
    if rng.random() < 0.4:
        return shaded(rng, _written(rng, (shape[1], shape[0]), paper), 0.4)
    behind = ground(rng, shape)
    size = round(shape[1] * rng.uniform(0.5, 0.9)), round(shape[0] * rng.uniform(0.6, 0.95))
    page = _written(rng, size, paper).convert("RGBA")
    turned = page.rotate(rng.uniform(-25, 25), Image.Resampling.BICUBIC, expand=True)
    place = (shape[1] - turned.width) // 2, (shape[0] - turned.height) // 2
    behind.paste(turned, place, turned)
    return shaded(rng, behind, 0.4)


def handwriting(rng: np.random.Generator, shape: Shape) -> Field:
    """Loops of a pen on ruled paper."""
    image = Image.new("RGB", (shape[1], shape[0]), near(rng, (245, 243, 235), 10))
    pen, ink = ImageDraw.Draw(image), any_colour(rng, 0, 110)
    gap = shape[0] * rng.uniform(0.07, 0.16)
    for y in np.arange(gap, shape[0], gap):
        pen.line([(0, y), (shape[1], y)], fill=(170, 190, 220))
        x = np.arange(shape[1] * 0.06, shape[1] * rng.uniform(0.4, 0.95), 1.5)
        phase = np.cumsum(rng.uniform(0.1, 0.7, len(x)))
        heights = y - gap * 0.25 + np.sin(phase) * gap * 0.25 * rng.uniform(0.4, 1.2, len(x))
        loops = x + np.cos(phase) * gap * 0.12
        pen.line(
            list(zip(loops.tolist(), heights.tolist(), strict=True)),
            fill=ink,
            width=max(1, round(gap / 14)),
        )
    return shaded(rng, image, 0.5)


def screen(rng: np.random.Generator, shape: Shape) -> Field:
    """A window with a bar, panels, icons and text, seen with the pixels of the screen."""
    dark = rng.random() < 0.5
    image = Image.new(
        "RGB", (shape[1], shape[0]), near(rng, (28, 30, 36) if dark else (246, 246, 248), 8)
    )
    pen, accent = ImageDraw.Draw(image), any_colour(rng)
    unit = min(shape) / 12
    pen.rectangle([0, 0, shape[1], unit], fill=accent)
    font, ink = (
        ImageFont.load_default(max(6.0, unit * 0.6)),
        (210, 210, 215) if dark else (40, 40, 45),
    )
    for row in range(2, int(shape[0] / unit)):
        x = unit * rng.uniform(0.5, 5)
        if rng.random() < 0.35:
            box = [x, row * unit, x + unit * rng.uniform(0.7, 5), (row + 0.8) * unit]
            pen.rounded_rectangle(box, unit / 5, fill=near(rng, accent, 60))
        else:
            pen.text((x, row * unit), _line(rng, 4), fill=ink, font=font)
    lines: Field = np.float32(1) - np.float32(0.05) * (np.arange(shape[0]) % 3 == 0)
    return shaded(rng, image, 0.4, 0.03) * lines[:, None, None]
