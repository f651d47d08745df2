"""Stored pictures: encoded, and read again, with Pillow alone. Photos that somebody sends:
`pictures.decoding.decode`."""

import io

import numpy as np
from PIL import Image

from pictures.pixels import Pixels

_SAVING: dict[str, dict[str, int]] = {
    "jpeg": {"quality": 85},
    "png": {"compress_level": 3},
    "webp": {"quality": 85, "method": 2},
}
LONGEST_SIDE = {"jpeg": 65_500, "png": 1_000_000, "webp": 16_383}  # pixels; what libpng limits


def encode(rgb: Pixels, kind: str = "jpeg") -> bytes:
    """The picture, uint8 (h, w, 3) RGB, as a file without metadata: "jpeg", "png" or "webp".

    Neither side may be longer than LONGEST_SIDE of the format.
    """
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, kind.upper(), **_SAVING[kind])
    return buffer.getvalue()


def encode_grey(values: Pixels) -> bytes:
    """Greys, uint8 (h, w), as a PNG as small as it gets."""
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def read_picture(data: bytes, size: tuple[int, int] | None = None) -> Pixels:
    """A stored picture as uint8 (h, w, 3) RGB.

    A JPEG of which only `size`, (width, height), is needed is decoded at a reduced scale, never
    below that.
    """
    with Image.open(io.BytesIO(data)) as picture:
        if size is not None:
            picture.draft("RGB", size)
        return np.asarray(picture.convert("RGB"))


def picture_size(data: bytes) -> tuple[int, int]:
    """Width and height of a stored picture; no pixel is decoded."""
    with Image.open(io.BytesIO(data)) as picture:
        return picture.size
