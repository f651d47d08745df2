"""Several pictures on one sheet: aspect kept, each with its label."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.overlay import encode
from pictures.blend import fit
from pictures.colormaps import Pixels

_GAP, _LABEL = 8, 22
_WRITERS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp"}


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


def save_picture(rgb: Pixels, path: str | Path) -> Path:
    """Write uint8 RGB as JPEG, PNG or WebP, by the file's name; folders are made.

    Raises ValueError for another suffix.
    """
    target = Path(path)
    if target.suffix.lower() not in _WRITERS:
        known = ", ".join(_WRITERS)
        raise ValueError(f"{target.name} has no suffix of a known picture format: {known}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(encode(rgb, _WRITERS[target.suffix.lower()]))
    return target


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
    font = ImageFont.load_default(13)
    ImageDraw.Draw(sheet).text(corner, _shortened(label, font, side), "black", font)


def _shortened(label: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The label, its middle left out where it is too long."""
    text, keep = label, len(label)
    while font.getlength(text) > width and keep > 4:
        keep -= 1
        text = f"{label[: keep // 2]}…{label[-(keep - keep // 2) :]}"
    return text
