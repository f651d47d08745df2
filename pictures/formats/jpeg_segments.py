"""The segments of a JPEG file (ITU-T T.81, annex B)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pictures.errors import UndecodablePhoto, UnsupportedFormat

TEM, SOI, EOI, SOS, COM = 0x01, 0xD8, 0xD9, 0xDA, 0xFE
DQT, DHT, DRI = 0xDB, 0xC4, 0xDD
APP0, APP1, APP2, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
SEQUENTIAL_HUFFMAN = (0xC0, 0xC1)
SEQUENTIAL, PROGRESSIVE, LOSSLESS = (0xC0, 0xC1, 0xC9), (0xC2, 0xCA), (0xC3, 0xCB)
ARITHMETIC = (0xC9, 0xCA, 0xCB)
_HIERARCHICAL = (0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF, 0xDE)
_FRAMES = (*SEQUENTIAL, *PROGRESSIVE, *LOSSLESS, *_HIERARCHICAL)
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


class Segment(NamedTuple):
    """`start` of its marker, `end` after its last byte."""

    code: int
    start: int
    end: int


@dataclass(frozen=True)
class Frame:
    """`components`: id, horizontal and vertical sampling factor of each."""

    code: int
    width: int
    height: int
    components: tuple[tuple[int, int, int], ...]

    @property
    def samples(self) -> int:
        """The samples of all components together."""
        across, down = (max(each[i] for each in self.components) for i in (1, 2))
        parts = sum(each[1] * each[2] for each in self.components)
        return self.width * self.height * parts // (across * down)


def segments_of(data: bytes) -> Iterator[Segment]:
    """All segments up to the end marker; what lies behind, as in MPO and motion photos, is not
    part of the picture. Coded data between them is passed over at the speed of `re`."""
    at = 2
    while found := _MARKER.search(data, at):
        start, code, at = found.start(), data[found.end() - 1], found.end()
        if code not in (TEM, SOI, EOI):
            length = int.from_bytes(data[at : at + 2], "big")
            at += length
            if length < 2 or at > len(data):
                raise UndecodablePhoto("a segment of it is cut off")
        yield Segment(code, start, at)
        if code == EOI:
            return


def frame_of(data: bytes, segment: Segment, known: Frame | None) -> Frame | None:
    """The frame, if this segment tells it, or the one that is known."""
    if segment.code not in _FRAMES:
        return known
    if known:
        raise UndecodablePhoto("it has two frame headers")
    if segment.code in _HIERARCHICAL:
        raise UnsupportedFormat("a hierarchical JPEG", "baseline and progressive ones")
    told = data[segment.start + 4 : segment.end]
    bits, height, width, count = told[0], *_two(told[1:5]), told[5]
    if bits != 8:
        raise UnsupportedFormat(f"a JPEG of {bits} bits a sample", "8 bits")
    if count not in (1, 3, 4):
        raise UnsupportedFormat(f"a JPEG of {count} components", "1, 3 and 4")
    if not height:
        raise UnsupportedFormat("a JPEG that does not tell its height", "those that do")
    parts = [told[at : at + 3] for at in range(6, 6 + 3 * count, 3)]
    components = tuple((part[0], part[1] >> 4, part[1] & 15) for part in parts)
    if not width or any(not 1 <= each <= 4 for part in components for each in part[1:]):
        raise UndecodablePhoto("its frame header is damaged")
    return Frame(segment.code, width, height, components)


def _two(told: bytes) -> tuple[int, int]:
    return int.from_bytes(told[:2], "big"), int.from_bytes(told[2:], "big")
