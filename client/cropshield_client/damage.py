"""Signs that a photo is damaged. Pillow hides what its decoders complain of."""

import io
import re

from PIL import Image

_END_OF_SCAN = re.compile(rb"\xff(?![\x00\xd0-\xd7])")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_START_OF_SCAN, _END = 0xDA, b"\xff\xd9"
_HOLE = bytes(64)
_LAST = 16  # bytes, without which no picture is whole
_FILLED_IN = ({128}, {127})  # with what a decoder fills in the rest of a JPEG; 127 is that of CMYK


def looks_damaged(photo: Image.Image, data: bytes) -> bool:
    """Whether a part of the photo may be missing. `photo`: `data` after it was loaded.

    A JPEG of one scan without restart markers has no more coded data than its pixels take, and no
    less. In others a decoder starts anew behind a part that is missing, so none of them is trusted.
    """
    if photo.format not in ("JPEG", "MPO"):
        return data.endswith(_HOLE)
    start = _start_of_scan(data)
    end = _END_OF_SCAN.search(data, start)
    if not end or not data.startswith(_END, end.start()) or "progressive" in photo.info:
        return True
    if _RESTART.search(data, start, end.start()) or data.find(_HOLE, start, end.start()) >= 0:
        return True
    last = photo.getpixel((photo.width - 1, photo.height - 1))
    is_filled_in = set(last if isinstance(last, tuple) else (last,)) in _FILLED_IN
    return is_filled_in or _is_complete(data[: end.start() - _LAST], photo.size)


def _start_of_scan(jpeg: bytes) -> int:
    """Where the head of a scan begins."""
    place = 2
    while jpeg[place + 1] != _START_OF_SCAN:
        place += 2 + int.from_bytes(jpeg[place + 2 : place + 4])
    return place + 2


def _is_complete(jpeg: bytes, size: tuple[int, int]) -> bool:
    """Whether it makes a picture. `size`: at the scale that it is to be decoded at."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG", "MPO")) as photo:
            photo.draft(None, size)
            photo.load()
    except OSError:
        return False
    return True
