"""JPEG files as they are kept: nothing but what their pixels need, the coded data untouched."""

from collections.abc import Sequence

from pictures.formats.jpeg_segments import (
    APP0,
    APP14,
    APP15,
    COM,
    DHT,
    DQT,
    DRI,
    EOI,
    SEQUENTIAL_HUFFMAN,
    SOS,
    Frame,
    Segment,
)

MAX_BYTES_PER_PIXEL = 0.5  # what has more gets much smaller when it is encoded anew
MAX_TABLES = 4_000  # bytes; two of quantisation and four of codes have 600
_START = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
_FULL_SPECTRUM = b"\x00\x3f\x00"  # of a sequential scan; some encoders write what they like
_YCBCR = 1
_SAMPLINGS = ((1, 1), (1, 2), (2, 1), (2, 2))


def clean_jpeg(data: bytes, frame: Frame, segments: Sequence[Segment]) -> bytes | None:
    """A whole file without metadata: a JFIF header, its tables, its frame, its one scan.

    EXIF, XMP, maker notes, thumbnails, profiles, comments and what follows the end marker are left
    out. None for a file that is not plain: progressive, of several scans, in grey or CMYK, of
    colours other than YCbCr, with anything that is not known here, or larger than a new one.
    """
    *before, scan, last = segments
    if (scan.code, last.code) != (SOS, EOI) or not _is_plain(frame):
        return None
    if last.end - scan.start > MAX_BYTES_PER_PIXEL * frame.width * frame.height:
        return None
    needed = (DQT, DHT, DRI, frame.code)
    if any(each.code not in needed and not _is_metadata(data, each) for each in before):
        return None
    tables = b"".join(data[each.start : each.end] for each in before if each.code in needed)
    if len(tables) > MAX_TABLES:
        return None
    head = data[scan.start : scan.end - len(_FULL_SPECTRUM)] + _FULL_SPECTRUM
    return b"".join((_START, tables, head, memoryview(data)[scan.end : last.end]))


def _is_plain(frame: Frame) -> bool:
    """Sequential, in Huffman's codes, YCbCr as JFIF numbers and samples it."""
    numbers = tuple(each[0] for each in frame.components)
    luma, *chroma = (each[1:] for each in frame.components)
    sampled = luma in _SAMPLINGS and all(each == (1, 1) for each in chroma)
    return frame.code in SEQUENTIAL_HUFFMAN and numbers == (1, 2, 3) and sampled


def _is_metadata(data: bytes, segment: Segment) -> bool:
    """Whether the pixels are the same without it."""
    content = data[segment.start + 4 : segment.end]
    if segment.code == APP14 and content[:5] == b"Adobe":
        return content[11:12] == bytes([_YCBCR])
    return segment.code == COM or APP0 <= segment.code <= APP15
