"""WebP: its chunks. Pillow decodes the first frame."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from pictures.errors import TooComplex, TooManyPixels, UndecodablePhoto
from pictures.formats.base import MB, Header, RawPicture, open_as, orientation_of

MAX_CHUNKS = 10_000  # most are frames of an animation
MAX_PIXELS = 36_000_000  # libwebp holds four pictures of 4 bytes a pixel: 580 MB
_PICTURES = (b"VP8 ", b"VP8L")
_KEPT = (b"VP8X", b"ICCP", b"ALPH", *_PICTURES, b"EXIF")
_FRAME_HEAD = 16  # bytes of an ANMF chunk before those of its picture
_ZEROS = bytes(64)
_SURPLUS = 16  # bytes; an encoder leaves fewer


class Chunk(NamedTuple):
    """`start` and `end` of its content."""

    name: bytes
    start: int
    end: int


@dataclass(frozen=True)
class WebpHeader(Header):
    """`chunks` that matter, of the first frame alone."""

    chunks: tuple[Chunk, ...]

    def check(self) -> None:
        if self.width * self.height > MAX_PIXELS:
            raise TooManyPixels(self.width, self.height, MAX_PIXELS, of="for WebP ")

    def load(self, data: bytes, scale: float) -> RawPicture:  # noqa: ARG002 - Pillow has one scale
        if self.chunks[-1].end > len(data):
            raise UndecodablePhoto("it is cut off")
        with open_as(_without_metadata(data, self.chunks), "WEBP") as image:
            image.load()
        if _has_surplus(data, self.chunks):
            raise UndecodablePhoto("a part of it is missing: there are zeros in its place")
        profile = image.info.get("icc_profile")
        return RawPicture(image, image.size, profile, orientation_of(image))


def inspect(data: bytes) -> WebpHeader:
    """Raises TooComplex, UndecodablePhoto."""
    chunks = tuple(_needed(data))
    if not chunks:
        raise UndecodablePhoto("its header is damaged or cut off")
    width, height = _size(data, chunks[0])
    memory = 4 * MB + 16 * width * height
    return WebpHeader("WEBP", width, height, memory, chunks)


def _size(data: bytes, first: Chunk) -> tuple[int, int]:
    at = first.start
    if first.name == b"VP8X":
        across, down = (data[at + i : at + i + 3] for i in (4, 7))
        return int.from_bytes(across, "little") + 1, int.from_bytes(down, "little") + 1
    if first.name == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, at + 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    across, down = struct.unpack_from("<HH", data, at + 6)
    return across & 0x3FFF, down & 0x3FFF


def _needed(data: bytes) -> Iterator[Chunk]:
    """What the first frame needs."""
    has_frame = False
    for chunk in _chunks(data, 12, len(data)):
        if chunk.name in _KEPT or (chunk.name in (b"ANIM", b"ANMF") and not has_frame):
            yield chunk
        has_frame = has_frame or chunk.name == b"ANMF"


def _chunks(data: bytes, at: int, end: int) -> Iterator[Chunk]:
    for _ in range(MAX_CHUNKS):
        if at + 8 > end:
            return
        name, size = struct.unpack_from("<4sI", data, at)
        yield Chunk(name, at + 8, at + 8 + size)
        at += 8 + size + size % 2
    raise TooComplex.over(MAX_CHUNKS, "chunks")


def _without_metadata(data: bytes, chunks: Sequence[Chunk]) -> bytes:
    return _file((chunk.name, data[chunk.start : chunk.end]) for chunk in chunks)


def _file(parts: Iterable[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
        for name, content in parts
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _has_surplus(data: bytes, chunks: Sequence[Chunk]) -> bool:
    """Whether zeros stand where a part of the picture is missing.

    To the decoder they are as good as anything else, but they last it for more pixels than what
    they replace, so that it never comes to the last bytes. Those of a whole picture, which may
    well hold zeros where it is all one colour, it needs.
    """
    for name, start, end in _pictures(data, chunks):
        if data.find(_ZEROS, start, end) >= 0:
            with (
                suppress(OSError),
                open_as(_file([(name, data[start : end - _SURPLUS])]), "WEBP") as less,
            ):
                less.load()
                return True
    return False


def _pictures(data: bytes, chunks: Sequence[Chunk]) -> Iterator[Chunk]:
    for chunk in chunks:
        if chunk.name in _PICTURES:
            yield chunk
        if chunk.name == b"ANMF":
            within = _chunks(data, chunk.start + _FRAME_HEAD, chunk.end)
            yield from (each for each in within if each.name in _PICTURES)
