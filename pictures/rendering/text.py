"""Text on pictures, in whatever script a class or a file is named."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageDraw, ImageFont

_FOLDER = Path(__file__).parents[1] / "fonts"
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"
_HAN = "\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
_RUNS = re.compile(f"([{_HANGUL}]+)|([{_HAN}]+)|([^{_HANGUL}{_HAN}]+)")
_FILES = ("hangul.woff2", "droid-sans-fallback.woff2", "noto-sans.woff2")
"""The font of each kind of run: Korean; Chinese and Japanese; every other script."""
_JOINERS = "\u200c\u200d"  # they shape the letters beside them
_VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # of the sign before them
_NO_LETTER, _NO_GLYPH = "\ufffd", "\U0010fffd"  # the second is in no font
_SHIFTS = {"l": 0.0, "m": 0.5, "r": 1.0}


def draw_text(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    ink: str | tuple[int, int, int],
    size: float,
    anchor: str = "la",
) -> None:
    """`text` in one line, letters `size` pixels high.

    `anchor` as Pillow names it: l, m or r for left, middle or right; a or m for top or middle.
    """
    x = place[0] - _SHIFTS[anchor[0]] * text_width(text, size)
    above, below = _font(_FILES[-1], size).getmetrics()
    y = place[1] + (above if anchor[1] == "a" else (above - below) / 2)
    for font, run in _runs(text, size):
        draw.text((x, y), run, ink, font, anchor="ls")
        x += font.getlength(run)


def text_width(text: str, size: float) -> float:
    """The width of a text in pixels."""
    return sum(font.getlength(run) for font, run in _runs(text, size))


def shortened(text: str, size: float, width: float) -> str:
    """The text, with its middle left out where it is wider than `width` pixels."""
    shown, keep = text, len(text)
    while text_width(shown, size) > width and keep > 4:
        keep -= 1
        shown = f"{text[: keep // 2]}…{text[-(keep - keep // 2) :]}"
    return shown


def _runs(text: str, size: float) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
    """The text on one line, cut where the font changes."""
    for run in _RUNS.finditer("".join(map(_drawn, text))):
        yield _font(_FILES[(run.lastindex or 0) - 1], size), run[0]


def _drawn(char: str) -> str:
    """What is drawn for one character: itself, where a font has it.

    A line break is a space. Marks that only set the direction, or the form of another sign, are
    left out. Anything else is a question mark in a diamond: a byte of a file name that is not
    UTF-8, a sign that no font has.
    """
    if char in _JOINERS:
        return char
    if char.isprintable():
        return "" if _VARIANTS.match(char) else _known(char)
    kind = unicodedata.category(char)
    return " " if char.isspace() or kind == "Cc" else "" if kind == "Cf" else _NO_LETTER


def _known(char: str) -> str:
    """The letter, or what stands for it where its font has none: ① is 1."""
    plain = unicodedata.normalize("NFKC", char)
    return next((text for text in (char, plain) if all(map(_has_glyph, text))), _NO_LETTER)


@lru_cache(maxsize=4096)
def _has_glyph(char: str) -> bool:
    kind = _RUNS.match(char)
    assert kind is not None  # noqa: S101 - every letter is of one kind
    name = _FILES[(kind.lastindex or 0) - 1]
    return _outline(name, char) != _outline(name, _NO_GLYPH)


@lru_cache(maxsize=4096)
def _outline(name: str, char: str) -> tuple[tuple[int, int], bytes]:
    mask = _font(name, 16, ImageFont.Layout.BASIC).getmask(char)
    return mask.size, bytes(mask)


@cache
def _font(name: str, size: float, layout: ImageFont.Layout | None = None) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FOLDER / name, size, layout_engine=layout)
