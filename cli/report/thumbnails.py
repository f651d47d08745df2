"""Small pictures inside a page."""

import os
from base64 import b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

from PIL import Image

from engine.photos.decode import decode
from pictures.errors import PhotoError
from pictures.rendering.blend import fit

SIDE = 224


def thumbnails(paths: Sequence[Path], side: int = SIDE) -> list[str]:
    """Each photo as a data URI, about 8 kB; empty for one that can no longer be read."""
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda path: _thumbnail(path, side), paths))


def _thumbnail(path: Path, side: int) -> str:
    try:
        photo = decode(path.read_bytes(), min_side=side // 2)
    except (OSError, PhotoError):
        return ""
    picture = Image.fromarray(photo.pixels)
    size = fit(picture.width, picture.height, side)
    return data_uri(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))


def data_uri(picture: Image.Image, quality: int = 72) -> str:
    """A picture as a JPEG inside a URI."""
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=quality, optimize=True)
    return "data:image/jpeg;base64," + b64encode(stream.getvalue()).decode()
