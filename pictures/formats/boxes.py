"""The boxes of HEIF and AVIF (ISO/IEC 14496-12 and 23008-12) that say what lies where."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pictures.errors import TooComplex
from pictures.formats.base import MB

MAX_TABLE = 4 * MB  # bytes of `meta`, and of `moov`
MAX_BOXES = 10_000
MAX_ITEMS = 2_000  # a picture of 48 million pixels has 200 tiles, and some more of depth and gain
MAX_EXTENTS = 10_000


class Box(NamedTuple):
    """`start` and `end` of its content."""

    kind: bytes
    start: int
    end: int


@dataclass
class Meta:
    """`kinds`: the type of each item; `extents`: where its bytes lie in the file; `properties`: of
    the primary item."""

    kinds: dict[int, bytes] = field(default_factory=dict)
    extents: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    properties: list[Box] = field(default_factory=list)


def read_meta(data: bytes) -> Meta:
    """Empty where there is no `meta` box. Raises TooComplex, and struct.error or IndexError for
    boxes that are damaged."""
    found = Meta()
    for box in _boxes(data, 0, len(data)):
        size = box.end - box.start
        if box.kind in (b"meta", b"moov") and size > MAX_TABLE:
            raise TooComplex(f"a box {box.kind.decode()!r} of {size:,} bytes", MAX_TABLE)
        if box.kind == b"meta":
            _read(data, {each.kind: each for each in _boxes(data, box.start + 4, box.end)}, found)
    return found


def _read(data: bytes, boxes: dict[bytes, Box], found: Meta) -> None:
    if b"iinf" in boxes:
        found.kinds = _kinds(data, boxes[b"iinf"])
    if b"iloc" in boxes:
        found.extents = _extents(data, boxes[b"iloc"])
    if b"pitm" in boxes and b"iprp" in boxes:
        wide, start = data[boxes[b"pitm"].start], boxes[b"pitm"].start + 4
        (primary,) = struct.unpack_from(">I" if wide else ">H", data, start)
        found.properties = _properties(data, boxes[b"iprp"], primary)


def _boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    for _ in range(MAX_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == 1:
            (size,), start = struct.unpack_from(">Q", data, start), at + 16
        last = at + size if size else end
        if last < start:
            return
        yield Box(kind, start, min(last, end))
        at = last
    raise TooComplex.over(MAX_BOXES, "boxes")


def _kinds(data: bytes, box: Box) -> dict[int, bytes]:
    wide = data[box.start] > 0
    (count,) = struct.unpack_from(">I" if wide else ">H", data, box.start + 4)
    if count > MAX_ITEMS:
        raise TooComplex(f"{count:,} items", MAX_ITEMS)
    found = {}
    for entry in _boxes(data, box.start + (8 if wide else 6), box.end):
        told = ">I2x4s" if data[entry.start] > 2 else ">H2x4s"
        item, kind = struct.unpack_from(told, data, entry.start + 4)
        found[item] = kind
    return found


def _extents(data: bytes, box: Box) -> dict[int, list[tuple[int, int]]]:
    version, sizes = data[box.start], data[box.start + 4 : box.start + 6]
    offset, length, base = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index = sizes[1] & 15 if version else 0
    read = _Reader(data, box.start + 6)
    found: dict[int, list[tuple[int, int]]] = {}
    total = 0
    for _ in range(read(4 if version > 1 else 2)):
        item = read(4 if version > 1 else 2)
        is_in_file = not (read(2) & 15 if version else 0)
        read(2)
        first, count = read(base), read(2)
        total += count
        if total > MAX_EXTENTS:
            raise TooComplex.over(MAX_EXTENTS, "pieces")
        pieces = [(read(index), first + read(offset), read(length))[1:] for _ in range(count)]
        if is_in_file:
            found[item] = [(start, start + size or len(data)) for start, size in pieces]
    return found


def _properties(data: bytes, box: Box, item: int) -> list[Box]:
    """Those that `ipma` gives to the item, out of all in `ipco`."""
    known: list[Box] = []
    numbers: list[int] = []
    for part in _boxes(data, box.start, box.end):
        if part.kind == b"ipco":
            known = list(_boxes(data, part.start, part.end))
        if part.kind == b"ipma":
            numbers += _numbers(data, part, item)
    return [known[number - 1] for number in numbers if 0 < number <= len(known)]


def _numbers(data: bytes, box: Box, item: int) -> Iterator[int]:
    wide_item, wide_number = data[box.start] > 0, data[box.start + 3] & 1
    read = _Reader(data, box.start + 4)
    for _ in range(min(read(4), MAX_ITEMS)):
        owner, count = read(4 if wide_item else 2), read(1)
        if owner != item:
            read.at += count * (2 if wide_number else 1)
            continue
        for _ in range(count):
            yield read(2) & 0x7FFF if wide_number else read(1) & 0x7F


class _Reader:
    """Big-endian numbers, one after the other. Raises IndexError behind the end."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self.at = data, at

    def __call__(self, size: int) -> int:
        if self.at + size > len(self._data):
            raise IndexError(self.at)
        found = int.from_bytes(self._data[self.at : self.at + size], "big")
        self.at += size
        return found
