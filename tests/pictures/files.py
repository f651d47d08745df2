"""Small picture files of every allowed format, made on the spot."""

import io
import struct
import zlib
from collections.abc import Sequence
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
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _png((b"IHDR", head), (b"IDAT", b""), (b"IEND", b""))


def png_of(
    image: Image.Image | None,
    *chunks: tuple[bytes, bytes],
    head: tuple[int, int, int, int] = (0, 0, 8, 2),
    rows: Sequence[bytes] = (),
) -> bytes:
    """A PNG with these chunks before its pixels: of an image, or of `rows` of packed samples with
    a `head` of width, height, depth, colour type."""
    if image is not None:
        head = (*image.size, 8, 2)
        rows = [row.tobytes() for row in np.asarray(image.convert("RGB"))]
    packed = zlib.compress(b"".join(b"\0" + row for row in rows))
    first = (b"IHDR", struct.pack(">IIBBBBB", *head, 0, 0, 0))
    return _png(first, *chunks, (b"IDAT", packed), (b"IEND", b""))


def _png(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def chunk(name: bytes, data: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + crc


def cmyk_profile(cyan: tuple[int, int, int]) -> bytes:
    """An ICC profile of inks, whose pure cyan is that L*a*b*; all else is white or black."""
    corners = [(255, 128, 128)] + [(0, 128, 128)] * 15
    corners[8] = round(cyan[0] * 2.55), cyan[1] + 128, cyan[2] + 128
    table = bytes(value for corner in corners for value in corner)
    ramp = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + table + ramp * 3
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    tags = {b"wtpt": white, b"A2B0": lut + bytes(-len(lut) % 4)}
    at, index, body = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        index += name + struct.pack(">II", at + len(body), len(content))
        body += content
    head = struct.pack(">I4x4B", at + len(body), 2, 0x40, 0, 0) + b"prtrCMYKLab "
    head += struct.pack(">6H", 2010, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + index + body
