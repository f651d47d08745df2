"""TIFF: its directories. Pillow and libtiff decode the first full picture."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from pictures.errors import TooComplex, UndecodablePhoto, UnsupportedFormat
from pictures.formats.base import FORMATS, MB, Header, RawPicture, open_as

MAX_DIRECTORIES = 64
MAX_ENTRIES = 512
MAX_VALUES = 40_000  # of a tag of numbers, such as where each strip lies
MAX_TILE = 64 * MB  # bytes, unpacked
PREFIXES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SAMPLES, _TILE_WIDTH, _TILE_HEIGHT = 277, 322, 323
_SUBFILE, _OLD_SUBFILE, _SUBDIRECTORIES, _SAMPLE_FORMAT, _DNG = 254, 255, 330, 339, 50706
_TYPES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}  # of whole numbers
_BYTES = (1, 2, 6, 7)  # types of texts and blocks
_SAMPLE_KINDS = {1: "", 2: "signed ", 3: "float ", 5: "complex ", 6: "complex float "}
_WHITE_IS_ZERO, _CFA, _LINEAR_RAW = 0, 32803, 34892
_RAW = 1
_BOUNDED = (_RAW, 5, 8, 32773, 32946)  # LZW, deflate, PackBits
_UNTOLD = (_RAW, 5, 32773)  # compressions that do not notice zeros in place of their data


@dataclass(frozen=True)
class Directory:
    """`values`: whole numbers by tag, at most 16 of each; `counts`: how many there are; `next`:
    where the following directory lies, or 0."""

    offset: int
    values: dict[int, tuple[int, ...]]
    counts: dict[int, int]
    next: int

    def first(self, tag: int, default: int = 0) -> int:
        return self.values.get(tag, (default,))[0]

    @property
    def is_full(self) -> bool:
        """Neither a thumbnail nor a mask."""
        return not self.first(_SUBFILE) & 0b101 and self.first(_OLD_SUBFILE) != 2

    @property
    def is_raw(self) -> bool:
        return _DNG in self.counts or self.first(_PHOTOMETRIC) in (_CFA, _LINEAR_RAW)


@dataclass(frozen=True)
class TiffHeader(Header):
    """`directory`: of the first full picture."""

    directory: Directory

    @property
    def is_bounded(self) -> bool:
        return self.directory.first(_COMPRESSION, _RAW) in _BOUNDED

    def load(self, data: bytes, scale: float) -> RawPicture:  # noqa: ARG002 - TIFF has one scale
        with _open(data, self.directory) as image:
            image.load()  # Pillow turns it, too
        compression = self.directory.first(_COMPRESSION, _RAW)
        if compression in _UNTOLD and _breaks_off(image):
            raise UndecodablePhoto("a part of it is missing: there are zeros in its place")
        profile = image.info.get("icc_profile")
        if image.mode == "I;16" and self.directory.first(_PHOTOMETRIC) == _WHITE_IS_ZERO:
            image = Image.fromarray(65535 - np.asarray(image))
        return RawPicture(image, image.size, profile)


def inspect(data: bytes) -> TiffHeader:
    """Raises UnsupportedFormat for camera raw files and what no photo is in, TooComplex, and
    struct.error for a damaged file."""
    directory = _full_picture(data)
    width, height = directory.first(_WIDTH), directory.first(_HEIGHT)
    _check_samples(directory)
    across, down = directory.first(_TILE_WIDTH), directory.first(_TILE_HEIGHT)
    tile = across * down * directory.first(_SAMPLES, 1) * directory.first(_BITS, 1) // 8
    if tile > MAX_TILE:
        raise TooComplex(f"tiles of {across} x {down} pixels, {tile:,} bytes", MAX_TILE)
    memory = 4 * MB + 8 * width * height + tile
    header = TiffHeader("TIFF", width, height, memory, directory)
    with _open(data, directory):
        return header


def _check_samples(directory: Directory) -> None:
    bits, kinds = directory.values.get(_BITS, (1,)), directory.values.get(_SAMPLE_FORMAT, (1,))
    if set(bits) & {1, 2, 4, 8, 16} == set(bits) and len(set(bits)) == 1 and set(kinds) == {1}:
        return
    kind = _SAMPLE_KINDS.get(kinds[0], "")
    found = f"a TIFF of {kind}samples of {', '.join(map(str, sorted(set(bits))))} bits"
    raise UnsupportedFormat(found, "whole numbers of 1, 2, 4, 8 and 16 bits")


def _full_picture(data: bytes) -> Directory:
    """The first one of the file, or of those beneath its pages."""
    read = _Reader(data)
    pages = list(read.pages())
    within = [
        read.directory(offset) for page in pages for offset in page.values.get(_SUBDIRECTORIES, ())
    ]
    if any(each.is_raw for each in pages + within):
        raise UnsupportedFormat("a camera raw file", ", ".join(FORMATS))
    return next((each for each in pages + within if each.is_full), pages[0])


class _Reader:
    """Directories out of a file, BigTIFF as well. Raises struct.error for what is not there."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._order = "<" if data[:2] == b"II" else ">"
        self._is_big = b"+" in data[2:4]

    def pages(self) -> Iterator[Directory]:
        (offset,) = self._unpack("Q", 8) if self._is_big else self._unpack("I", 4)
        for _ in range(MAX_DIRECTORIES):
            page = self.directory(offset)
            yield page
            offset = page.next
            if not offset:
                return

    def directory(self, offset: int) -> Directory:
        count_kind, entry, word = ("Q", 20, "Q") if self._is_big else ("H", 12, "I")
        (count,) = self._unpack(count_kind, offset)
        start = offset + struct.calcsize(count_kind)
        if count > MAX_ENTRIES:
            raise TooComplex(f"{count:,} tags", MAX_ENTRIES)
        found = Directory(offset, {}, {}, self._unpack(word, start + entry * count)[0])
        for at in range(start, start + entry * count, entry):
            tag, kind, many = self._unpack("HH" + word, at)
            found.counts[tag] = many
            if many > MAX_VALUES and kind not in _BYTES:
                raise TooComplex(f"{many:,} values of tag {tag}", MAX_VALUES)
            if many and kind in _TYPES:
                found.values[tag] = self._values(_TYPES[kind], many, at + entry, word)
        return found

    def _values(self, kind: str, many: int, end: int, word: str) -> tuple[int, ...]:
        """At most 16 values of an entry that ends there: its last bytes, or what these point to."""
        room = struct.calcsize(word)
        at = end - room
        if many * struct.calcsize(kind) > room:
            (at,) = self._unpack(word, at)
        return self._unpack(f"{min(many, 16)}{kind}", at)

    def _unpack(self, kinds: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from(self._order + kinds, self._data, at)


def _open(data: bytes, directory: Directory) -> Image.Image:
    """A Pillow image of that directory, which becomes the first one. Raises UnsupportedFormat."""
    order = "<" if data[:2] == b"II" else ">"
    kind, at = (order + "Q", 8) if b"+" in data[2:4] else (order + "I", 4)
    if struct.unpack_from(kind, data, at)[0] != directory.offset:
        data = data[:at] + struct.pack(kind, directory.offset) + data[at + struct.calcsize(kind) :]
    try:
        return open_as(data, "TIFF")
    except UnidentifiedImageError as error:
        numbers = directory.first(_SAMPLES, 1), directory.first(_BITS, 1)
        found = "a TIFF of {} x {} bits (photometric {}, compression {})".format(
            *numbers, directory.first(_PHOTOMETRIC), directory.first(_COMPRESSION, _RAW)
        )
        allowed = "grey, RGB, RGBA, palettes, CMYK, YCbCr and Lab, as Pillow reads them"
        raise UnsupportedFormat(found, allowed) from error


def _breaks_off(image: Image.Image) -> bool:
    """Whether pixels end in the midst of a row that is black from there on, as all below it.

    The row above is not: a picture on black ground has black on both sides, and one with a bar
    below it ends with a row.
    """
    box = image.getbbox(alpha_only=False)
    if box is None or box[3] >= image.height or box[3] < 2:
        return False
    rows = np.asarray(image.crop((0, box[3] - 2, image.width, box[3])))
    above, last = np.any(rows.reshape(2, image.width, -1), axis=2)
    end = int(np.flatnonzero(last)[-1]) + 1
    return end < image.width and above[end:].mean() > 0.9 and bool(last[:end].mean() > 0.9)
