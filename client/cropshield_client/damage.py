"""Signs that a photo is damaged. Pillow hides what its decoders complain of."""

import re

from PIL import Image

_END_OF_SCAN = re.compile(rb"\xff(?![\x00\xd0-\xd7])")
_START_OF_SCAN = 0xDA
_HOLE = bytes(64)
_FILLED_IN = ({128}, {127})  # with what a decoder fills in the rest of a JPEG; 127 is that of CMYK


def looks_damaged(photo: Image.Image, data: bytes) -> bool:
    """Whether the photo is likely cut off, or has a hole. `photo`: `data` after it was loaded.

    A progressive JPEG shows no sign of it, so none of them is trusted.
    """
    if photo.format not in ("JPEG", "MPO"):
        return data.endswith(_HOLE)
    last = photo.getpixel((photo.width - 1, photo.height - 1))
    is_filled_in = set(last if isinstance(last, tuple) else (last,)) in _FILLED_IN
    return is_filled_in or "progressive" in photo.info or _HOLE in _first_scan(data)


def _first_scan(jpeg: bytes) -> bytes:
    """The compressed pixels of a JPEG, its restart markers included."""
    place = 2
    while jpeg[place + 1] != _START_OF_SCAN:
        place += 2 + int.from_bytes(jpeg[place + 2 : place + 4])
    end = _END_OF_SCAN.search(jpeg, place + 2)
    return jpeg[place : end.start() if end else None]
