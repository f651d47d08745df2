"""What is missing in a JPEG that libjpeg decodes without a warning."""

import re
from collections.abc import Iterator, Sequence

from pictures.errors import UndecodablePhoto
from pictures.formats.jpeg_segments import ARITHMETIC, LOSSLESS, PROGRESSIVE, Frame, Segment

_ZEROS = bytes(64)
_RUN = re.compile(rb"\0{64,}")
_SECTOR = 512  # bytes, in which disks and transfers lose parts of files


def check_whole(
    data: bytes, frame: Frame, tables: Sequence[Segment], scans: Sequence[Segment], end: int
) -> None:
    """Checks that all scans are there, up to the end marker, and no zeros in place of coded data.

    Raises UndecodablePhoto.
    """
    if not end:
        raise UndecodablePhoto("it is cut off: its end marker is missing")
    if any(any(bits) for bits in _missing_bits(data, frame, scans).values()):
        raise UndecodablePhoto("it is cut off: scans are missing")
    for scan, next_scan in zip(scans, [*(each.start for each in scans[1:]), end - 2], strict=True):
        runs = _runs(data, scan.end, next_scan, end - 2)
        is_sector = any(not (run.start() % _SECTOR or run.end() % _SECTOR) for run in runs)
        if is_sector or (runs and not _zeros_are_flat(data, frame, tables, scan)):
            raise UndecodablePhoto("a part of it is missing: there are zeros in its place")


def _runs(data: bytes, start: int, stop: int, end: int) -> list[re.Match[bytes]]:
    """Of zeros within a scan. Those up to the end may be padding: libjpeg tells whether it needs
    them."""
    if data.find(_ZEROS, start, stop) < 0:
        return []
    coded = len(data[:end].rstrip(b"\0"))
    return [run for run in _RUN.finditer(data, start, stop) if run.end() < coded]


def _missing_bits(data: bytes, frame: Frame, scans: Sequence[Segment]) -> dict[int, list[int]]:
    """How many bits of each of the 64 coefficients are yet to come, by component."""
    missing = {each[0]: [99] * 64 for each in frame.components}
    for scan in scans:
        told = data[scan.start + 4 : scan.end]
        first, last, low = told[-3], told[-2], told[-1] & 15
        if frame.code not in PROGRESSIVE:
            first, last, low = 0, 63, 0
        for component in told[1 : 1 + 2 * told[0] : 2]:
            if component in missing and last < 64:
                missing[component][first : last + 1] = [low] * (last + 1 - first)
    return missing


def _zeros_are_flat(data: bytes, frame: Frame, tables: Sequence[Segment], scan: Segment) -> bool:
    """Whether zero bits are blocks of one colour, as in a ground, and not noise that no camera
    makes: what stands for the code of zeros alone in all Huffman tables of the scan. An arithmetic
    coder would need more blocks for so many zeros than a photo has."""
    if frame.code in ARITHMETIC:
        return False
    symbols: dict[int, int] = {}
    for table in tables:
        if table.start < scan.start:
            symbols |= dict(_first_symbols(data[table.start + 4 : table.end]))
    told = data[scan.start + 4 : scan.end]
    uses_dc, uses_ac = told[-3] == 0 or frame.code in LOSSLESS, told[-2] > 0
    for used in told[2 : 2 + 2 * told[0] : 2]:
        if uses_dc and symbols.get(used >> 4, 0) != 0:
            return False
        if uses_ac and symbols.get(0x10 | used & 15, 0) & 15:
            return False
    return True


def _first_symbols(tables: bytes) -> Iterator[tuple[int, int]]:
    """Class and number of each table of a DHT segment, and its symbol of the smallest code."""
    at = 0
    while at + 17 < len(tables):
        yield tables[at], tables[at + 17]
        at += 17 + sum(tables[at + 1 : at + 17])
