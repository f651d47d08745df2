"""A confusion matrix as a picture."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from pictures.blend import colourise
from pictures.colormaps import Pixels

_CELL, _GAP = 26, 8
_INK, _PALE = "black", "white"
_NOTE = "rows: truth\ncolumns: the model"


def confusion_picture(counts: npt.ArrayLike, names: Sequence[str]) -> Pixels:
    """Counts, whole numbers (n, n), rows are the truth: uint8 (H, W, 3) RGB.

    The colour of a cell is its share of the row; each count that is not 0 stands in its cell.
    """
    table = np.asarray(counts, np.int64)
    font, small = ImageFont.load_default(13), ImageFont.load_default(11)
    margin = int(max(font.getlength(text) for text in (*names, *_NOTE.split("\n")))) + 2 * _GAP
    side = _CELL * len(names)
    sheet = Image.new("RGB", (margin + side + _GAP, margin + side + _GAP), "white")
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    heat = np.repeat(np.repeat(share, _CELL, axis=0), _CELL, axis=1).astype(np.float32)
    sheet.paste(Image.fromarray(colourise(heat, "cividis")), (margin, margin))
    draw = ImageDraw.Draw(sheet)
    for place, name in enumerate(names):
        beside = margin - _GAP, margin + place * _CELL + _CELL // 2
        draw.text(beside, name, _INK, font, anchor="rm")
    _write_on_top(sheet, names, margin, font)
    draw.text((_GAP, _GAP), _NOTE, _INK, small)
    for row, column in np.argwhere(table).tolist():
        corner = margin + column * _CELL, margin + row * _CELL
        middle = corner[0] + _CELL // 2, corner[1] + _CELL // 2
        ink = _INK if share[row, column] > 0.5 else _PALE
        draw.text(middle, str(table[row, column]), ink, small, anchor="mm")
    return np.asarray(sheet)


def _write_on_top(
    sheet: Image.Image,
    names: Sequence[str],
    margin: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """The names of the columns, turned by a quarter."""
    strip = Image.new("RGB", (margin, _CELL * len(names)), "white")
    draw = ImageDraw.Draw(strip)
    for place, name in enumerate(names):
        draw.text((_GAP, place * _CELL + _CELL // 2), name, _INK, font, anchor="lm")
    sheet.paste(strip.transpose(Image.Transpose.ROTATE_90), (margin, 0))
