"""Small picture files of every allowed format, made on the spot."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

SUFFIXES = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "MPO")


def scene(width: int = 60, height: int = 40) -> Image.Image:
    """Green left, red right, blue along the top."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 1] = pixels[:, width // 2 :, 0] = 200
    pixels[: height // 5] = (0, 0, 200)
    return Image.fromarray(pixels)


def file_of(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The image as a file of that format, at a quality that keeps its colours."""
    if kind in ("JPEG", "WEBP", "HEIF", "AVIF"):
        options = {"quality": 95, **options}
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises so many pixels and holds none."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
