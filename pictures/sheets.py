"""Several pictures on one sheet: aspect kept, each with its label."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from pictures.pixels import Pixels
from pictures.rendering.blend import colourise, fit
from pictures.rendering.text import draw_text, shortened

_GAP, _LABEL = 8, 22
_BAR, _TEXT = 14, 18
_LABEL_SIZE, _LEGEND_SIZE = 13, 12


def labelled_grid(cells: Sequence[tuple[str, Pixels]], columns: int = 4, side: int = 256) -> Pixels:
    """Label and picture of each cell, row by row, uint8 (H, W, 3) RGB.

    A picture, uint8 (h, w, 3) RGB, fits a square of `side` pixels with its aspect kept.
    """
    columns = max(1, min(columns, len(cells)))
    rows = -(-len(cells) // columns)
    step_x, step_y = side + _GAP, side + _LABEL + _GAP
    sheet = Image.new("RGB", (columns * step_x + _GAP, rows * step_y + _GAP), "white")
    for number, (label, pixels) in enumerate(cells):
        corner = _GAP + number % columns * step_x, _GAP + number // columns * step_y
        _place(sheet, label, pixels, corner, side)
    return np.asarray(sheet)


LEGEND = ("0: not at all", "1: most of all")
"""What the ends of a colour scale mean."""


def with_legend(picture: Pixels, name: str = "jet", ends: tuple[str, str] = LEGEND) -> Pixels:
    """The picture with its colour scale below it, uint8 (H + 32, W, 3) RGB. ends: the words below
    0 and 1.

    Raises UnknownColormap for an unknown name.
    """
    height, width = picture.shape[:2]
    ramp = np.linspace(0.0, 1.0, width, dtype=np.float32)[None]
    bar = colourise(np.repeat(ramp, _BAR, axis=0), name)
    sheet = Image.new("RGB", (width, height + _BAR + _TEXT), "white")
    sheet.paste(Image.fromarray(picture), (0, 0))
    sheet.paste(Image.fromarray(bar), (0, height))
    draw, below = ImageDraw.Draw(sheet), height + _BAR
    draw_text(draw, (2, below), ends[0], "black", _LEGEND_SIZE)
    draw_text(draw, (width - 2, below), ends[1], "black", _LEGEND_SIZE, "ra")
    return np.asarray(sheet)


def _place(
    sheet: Image.Image, label: str, pixels: Pixels, corner: tuple[int, int], side: int
) -> None:
    picture = Image.fromarray(pixels)
    size = fit(picture.width, picture.height, side)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    left = corner[0] + (side - size[0]) // 2
    top = corner[1] + _LABEL + (side - size[1]) // 2
    sheet.paste(picture, (left, top))
    words = shortened(label, _LABEL_SIZE, side)
    draw_text(ImageDraw.Draw(sheet), corner, words, "black", _LABEL_SIZE)
