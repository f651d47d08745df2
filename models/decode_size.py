"""How many pixels of a photo a model is given: the same in training, evaluation and serving."""

from typing import Protocol

from models.cards.card import Preprocessing
from pictures.decoding.decode import Photo, decode, most_pixels

MIN_LONG_SIDE = 960
"""Pixels, where a photo has them: overlays, which people look at, are up to 1,024 long. A quarter
of a photo of 12 million pixels is 1,008 long, and so decoded at that."""


class Decode(Protocol):
    """`pictures.decoding.decode`, or what does the same elsewhere."""

    def __call__(self, data: bytes, *, min_side: int, min_long_side: int) -> Photo: ...


def decode_for(preprocessing: Preprocessing, data: bytes, by: Decode = decode) -> Photo:
    """The photo with at least twice as many pixels a side as the model's input, where it has them.
    Stretched from that, it differs by less than a grey level from the whole photo stretched.

    Raises PhotoError for what is no whole photo.
    """
    return decode_at(preprocessing.size, data, by)


def decode_at(side: int, data: bytes, by: Decode = decode) -> Photo:
    """As `decode_for`, for an input of that side: training takes photos in other sizes too."""
    return by(data, min_side=2 * side, min_long_side=MIN_LONG_SIDE)


def most_bytes(preprocessing: Preprocessing) -> int:
    """The most bytes that the pixels of a photo take after `decode_for`."""
    return 3 * most_pixels(2 * preprocessing.size)
