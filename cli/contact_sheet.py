"""Photos beside their overlays on one sheet, labelled."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from pictures.text import draw_text, shortened

_TILE = (320, 240)
_MARGIN, _CAPTION, _COLUMNS, _SIZE = 12, 30, 2, 14
_PAPER, _INK, _FAINT = (250, 250, 247), (32, 36, 32), (120, 126, 120)


@dataclass(frozen=True)
class Pair:
    """A photo, its overlay, and a caption under each."""

    photo: Image.Image
    overlay: Image.Image
    photo_caption: str
    overlay_caption: str


def contact_sheet(pairs: Sequence[Pair]) -> Image.Image:
    """Two pairs a row."""
    columns = min(_COLUMNS, len(pairs))
    rows = -(-len(pairs) // _COLUMNS)
    wide, high = 2 * _TILE[0] + 2 * _MARGIN, _TILE[1] + _CAPTION + _MARGIN
    sheet = Image.new("RGB", (_MARGIN + columns * wide, _MARGIN + rows * high), _PAPER)
    for number, pair in enumerate(pairs):
        corner = (_MARGIN + number % _COLUMNS * wide, _MARGIN + number // _COLUMNS * high)
        _paste(sheet, corner, pair.photo, pair.photo_caption, _FAINT)
        beside = (corner[0] + _TILE[0] + 2, corner[1])
        _paste(sheet, beside, pair.overlay, pair.overlay_caption, _INK)
    return sheet


def _paste(
    sheet: Image.Image,
    corner: tuple[int, int],
    picture: Image.Image,
    caption: str,
    ink: tuple[int, int, int],
) -> None:
    sheet.paste(ImageOps.pad(picture, _TILE, color=_PAPER), corner)
    place = (corner[0] + 4, corner[1] + _TILE[1] + 3)
    words = shortened(caption, _SIZE, _TILE[0] - 8)
    draw_text(ImageDraw.Draw(sheet), place, words, ink, _SIZE)
