"""A confusion matrix as a picture."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from pictures.pixels import Pixels
from pictures.rendering.blend import colourise
from pictures.rendering.text import draw_text, text_width

_CELL, _GAP = 26, 8
_SIZE, _SMALL = 13, 11
_INK, _PALE = "black", "white"
_NOTE = ("rows: truth", "columns: the model")


def confusion_picture(counts: npt.ArrayLike, names: Sequence[str]) -> Pixels:
    """The counts, whole numbers (n, n) whose rows are the truth, as uint8 (H, W, 3) RGB.

    The colour of a cell is its share of the row; counts other than 0 are written in their cells.
    """
    table = np.asarray(counts, np.int64)
    margin = int(max(text_width(text, _SIZE) for text in (*names, *_NOTE))) + 2 * _GAP
    side = _CELL * len(names)
    sheet = Image.new("RGB", (margin + side + _GAP, margin + side + _GAP), "white")
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    heat = np.repeat(np.repeat(share, _CELL, axis=0), _CELL, axis=1).astype(np.float32)
    sheet.paste(Image.fromarray(colourise(heat, "cividis")), (margin, margin))
    draw = ImageDraw.Draw(sheet)
    for index, name in enumerate(names):
        beside = margin - _GAP, margin + index * _CELL + _CELL // 2
        draw_text(draw, beside, name, _INK, _SIZE, "rm")
    _write_on_top(sheet, names, margin)
    for line, words in enumerate(_NOTE):
        draw_text(draw, (_GAP, _GAP + line * 1.4 * _SMALL), words, _INK, _SMALL)
    for row, column in np.argwhere(table).tolist():
        corner = margin + column * _CELL, margin + row * _CELL
        middle = corner[0] + _CELL // 2, corner[1] + _CELL // 2
        ink = _INK if share[row, column] > 0.5 else _PALE
        draw_text(draw, middle, str(table[row, column]), ink, _SMALL, "mm")
    return np.asarray(sheet)


def _write_on_top(sheet: Image.Image, names: Sequence[str], margin: int) -> None:
    """The names of the columns, turned by a quarter."""
    strip = Image.new("RGB", (margin, _CELL * len(names)), "white")
    draw = ImageDraw.Draw(strip)
    for index, name in enumerate(names):
        draw_text(draw, (_GAP, index * _CELL + _CELL // 2), name, _INK, _SIZE, "lm")
    sheet.paste(strip.transpose(Image.Transpose.ROTATE_90), (margin, 0))
