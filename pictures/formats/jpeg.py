"""JPEG: its segments, and its pixels by libjpeg-turbo at a reduced scale."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import simplejpeg
from PIL import Image

from pictures.errors import TooComplex, UndecodablePhoto
from pictures.formats.base import MB, Header, RawPicture, orientation_of
from pictures.formats.jpeg_clean import clean_jpeg
from pictures.formats.jpeg_damage import check_whole
from pictures.formats.jpeg_segments import (
    APP0,
    APP1,
    APP2,
    APP14,
    APP15,
    ARITHMETIC,
    COM,
    DHT,
    EOI,
    LOSSLESS,
    PROGRESSIVE,
    SEQUENTIAL,
    SOI,
    SOS,
    TEM,
    Frame,
    Segment,
    frame_of,
    segments_of,
)
from pictures.pixels import Pixels

MAX_SEGMENTS = 2_000  # a profile of 16 MB has 255
MAX_SCANS = 100  # a progressive photo has about 10
MAX_SCANNED_PIXELS = 1_500_000_000  # pixels times scans: each scan goes over all of them
EIGHTHS = (1, 2, 3, 4, 8)  # of the size; libjpeg-turbo is slower at 5 to 7 than at the whole
_PADDING = 8  # bytes before the end marker that are taken for carelessness, zeros or not

_SURPLUS, _LEFT_OUT = b"\x55" * 64, 4
_SCAN = bytes((0xFF, SOS))
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0xd9")


@dataclass(frozen=True)
class JpegHeader(Header):
    """`all_segments` up to the end marker; `segments` before the first scan; `tables` of Huffman
    codes, and the heads of all `scans`; `end` of the end marker, or 0 where it is missing."""

    frame: Frame
    all_segments: tuple[Segment, ...]
    segments: tuple[Segment, ...]
    tables: tuple[Segment, ...]
    scans: tuple[Segment, ...]
    end: int

    def load(self, data: bytes, scale: float) -> RawPicture:
        check_whole(data, self.frame, self.tables, self.scans, self.end)
        profile, exif = _profile(data, self.segments), _exif(data, self.segments)
        size, orientation = (self.width, self.height), orientation_of(exif)
        if _size(self, scale) == size and (
            clean := clean_jpeg(data, self.frame, self.all_segments)
        ):
            with suppress(ValueError):  # then it is decoded again, by its bytes as they are
                return RawPicture(_libjpeg(clean, "RGB", *size), size, profile, orientation, clean)
        pixels = _decode(_without_metadata(data, self), self, scale)
        return RawPicture(pixels, size, profile, orientation)


def inspect(data: bytes) -> JpegHeader:
    """Raises UnsupportedFormat, TooComplex, UndecodablePhoto."""
    found: list[Segment] = []
    frame: Frame | None = None
    scans = 0
    for segment in segments_of(data):
        found.append(segment)
        frame = frame_of(data, segment, frame)
        scans += segment.code == SOS
        if scans > MAX_SCANS:
            raise TooComplex(f"{data.count(_SCAN):,} scans", MAX_SCANS)
        if len(found) > MAX_SEGMENTS:
            raise TooComplex.over(MAX_SEGMENTS, "segments")
    if frame is None or not scans:
        raise UndecodablePhoto("it is cut off before its first scan")
    return _header(frame, found)


def _header(frame: Frame, found: Sequence[Segment]) -> JpegHeader:
    scans = tuple(each for each in found if each.code == SOS)
    work = len(scans) * frame.width * frame.height
    if work > MAX_SCANNED_PIXELS:
        pixels = f"{len(scans)} scans of {frame.width * frame.height:,} pixels, {work:,} in all"
        raise TooComplex(pixels, MAX_SCANNED_PIXELS)
    is_buffered = len(scans) > 1 or frame.code in PROGRESSIVE
    memory = 4 * MB + (2 * frame.samples if is_buffered else 0)
    if frame.code in LOSSLESS:
        memory += 4 * frame.width * frame.height
    before = tuple(each for each in found if each.start < scans[0].start)
    tables = tuple(each for each in found if each.code == DHT)
    end = found[-1].end if found[-1].code == EOI else 0
    size = frame.width, frame.height
    return JpegHeader("JPEG", *size, memory, frame, tuple(found), before, tables, scans, end)


def _without_metadata(data: bytes, header: JpegHeader) -> bytes:
    """The file without what no pixel needs, and without what libjpeg would only warn of."""
    view, at = memoryview(data), header.scans[0].start
    kept: list[bytes | memoryview] = [
        view[segment.start : segment.end]
        for segment in header.segments
        if _is_needed(segment.code, data[segment.start + 4 : segment.end])
    ]
    for scan in header.scans:
        if header.frame.code in SEQUENTIAL:  # some encoders leave here what they like
            kept += [view[at : scan.end - 3], b"\x00\x3f\x00"]
            at = scan.end
    return b"".join([b"\xff\xd8", *kept, view[at : header.end]])


def _is_needed(code: int, content: bytes) -> bool:
    if code == APP0:
        return content[:6] == b"JFIF\0\1"
    if code == APP14:
        return content[:5] == b"Adobe" and len(content) > 11 and content[11] <= 2
    return code not in (TEM, SOI, COM) and not APP0 <= code <= APP15


def _decode(data: bytes, header: JpegHeader, scale: float) -> Pixels | Image.Image:
    size = _size(header, scale)
    kind = {1: "GRAY", 3: "RGB", 4: "CMYK"}[len(header.frame.components)]
    pixels = _strict(data, kind, *size)
    if header.frame.code in ARITHMETIC and _reads_past_end(data, kind):
        raise UndecodablePhoto("it is cut off: coded data are missing")
    if kind == "RGB":
        return pixels
    size = pixels.shape[1], pixels.shape[0]
    if kind == "GRAY":
        return Image.frombuffer("L", size, pixels, "raw", "L", 0, 1)
    return Image.frombuffer("CMYK", size, pixels, "raw", "CMYK;I", 0, 1)  # as Adobe writes them


def _size(header: JpegHeader, scale: float) -> tuple[int, int]:
    eighths = next(each for each in EIGHTHS if each >= 8 * scale - 1e-6)
    if header.frame.code in LOSSLESS:
        eighths = 8
    return -(-header.width * eighths // 8), -(-header.height * eighths // 8)


def _strict(data: bytes, kind: str, width: int, height: int) -> Pixels:
    """The pixels; whatever libjpeg warns of is an error, but for padding before the end.

    Zeros may be padding, or stand where coded data are missing: then libjpeg needs them.
    """
    try:
        return _libjpeg(data, kind, width, height)
    except ValueError as error:
        found = _EXTRANEOUS.search(str(error))
        coded = data[:-2].rstrip(b"\0") + bytes(_PADDING)
        if found and len(coded) >= len(data) - 2 and int(found[1]) <= _PADDING:
            coded = data[: -2 - int(found[1])]
        if found and len(coded) < len(data) - 2:
            return _strict(coded + data[-2:], kind, width, height)
        raise UndecodablePhoto(str(error)) from error


def _reads_past_end(data: bytes, kind: str) -> bool:
    """Whether an arithmetic decoder would have more bytes than there are: for missing ones it takes
    zeros without a warning. An encoder may leave a few of those out."""
    try:
        _libjpeg(data[:-2] + _SURPLUS + data[-2:], kind, 1, 1)
    except ValueError as error:
        left = _EXTRANEOUS.search(str(error))
        return not left or int(left[1]) < len(_SURPLUS) - _LEFT_OUT
    return True


def _libjpeg(data: bytes, kind: str, width: int, height: int) -> Pixels:
    pixels: Pixels = simplejpeg.decode_jpeg(
        data, kind, min_width=width, min_height=height, strict=True
    )
    return pixels


def _exif(data: bytes, segments: Sequence[Segment]) -> bytes | None:
    return next(iter(_contents(data, segments, APP1, b"Exif\0\0")), None)


def _profile(data: bytes, segments: Sequence[Segment]) -> bytes | None:
    """The ICC profile out of its numbered parts; None where one of them is missing."""
    parts = sorted(_contents(data, segments, APP2, b"ICC_PROFILE\0"), key=lambda part: part[12:13])
    numbers = [part[12] for part in parts if len(part) > 13]
    if not parts or numbers != list(range(1, len(parts) + 1)) or parts[0][13] != len(parts):
        return None
    return b"".join(part[14:] for part in parts)


def _contents(
    data: bytes, segments: Sequence[Segment], code: int, beginning: bytes
) -> Iterator[bytes]:
    for segment in segments:
        if segment.code == code and data.startswith(beginning, segment.start + 4):
            yield data[segment.start + 4 : segment.end]
