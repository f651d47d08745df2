"""PNG: its chunks. Pillow decodes what is left without texts and further frames."""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image

from pictures.errors import TooComplex, UndecodablePhoto
from pictures.formats.base import MB, Header, RawPicture, open_as, orientation_of
from pictures.formats.icc import MAX_PROFILE, SRGB, Chromaticities, profile_of, profile_of_cicp

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 20_000  # 20 MB of pixels in chunks of 1 kB
MAX_BYTES = (
    300_000_000  # of pixels, unpacked: 64 million with transparency, half of them in 16 bits
)
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_COLOURS = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_EXIF_BYTES = 64 * 1024
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PASSES = (  # Adam7: first column and row, steps across and down
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_USUAL_GAMMA = 0.45455  # of a PNG in sRGB that does not say so


class Chunk(NamedTuple):
    """`start` and `end` of its content."""

    name: bytes
    start: int
    end: int


@dataclass(frozen=True)
class PngHeader(Header):
    """`chunks` that matter; `depth`: bits a sample; `bits`: of a pixel; `profile`: an ICC
    profile, None for sRGB."""

    chunks: tuple[Chunk, ...]
    depth: int
    bits: int
    is_interlaced: bool
    profile: bytes | None

    @property
    def unpacked(self) -> int:
        """Bytes of all rows, each of which has one more than its pixels."""
        passes = _PASSES if self.is_interlaced else ((0, 0, 1, 1),)
        found = 0
        for left, top, across, down in passes:
            columns = max(0, -(-(self.width - left) // across))
            rows = max(0, -(-(self.height - top) // down)) if columns else 0
            found += rows * (1 + -(-columns * self.bits // 8))
        return found

    def check(self) -> None:
        if self.unpacked > MAX_BYTES:
            raise TooComplex(f"{self.unpacked:,} bytes of pixels", MAX_BYTES)

    def load(self, data: bytes, scale: float) -> RawPicture:  # noqa: ARG002 - PNG has one scale
        with open_as(_without_metadata(data, self.chunks), "PNG") as image:
            image.load()
            orientation = orientation_of(image)
        last = image.crop((0, self.height - 1, self.width, self.height))
        if (self.is_interlaced or not any(last.tobytes())) and not _has_all_rows(data, self):
            raise UndecodablePhoto("it is cut off: rows are missing")
        _scale_transparency(image, self.depth)
        return RawPicture(image, image.size, self.profile, orientation)


def inspect(data: bytes) -> PngHeader:
    """Raises UnsupportedFormat for HDR, TooComplex, UndecodablePhoto."""
    chunks = tuple(_needed(data))
    if not chunks or chunks[0].name != b"IHDR" or chunks[0].end - chunks[0].start != 13:
        raise UndecodablePhoto("its header is damaged or cut off")
    head = struct.unpack_from(">IIBBBBB", data, chunks[0].start)
    width, height, depth, kind, _, _, interlaced = head
    if not width or not height or depth not in _DEPTHS.get(kind, ()):
        raise UndecodablePhoto("its header is damaged")
    told = {each.name: data[each.start : each.end] for each in chunks if each.name in _COLOURS}
    memory = 4 * MB + 4 * width * height
    ways = depth, depth * _CHANNELS[kind], bool(interlaced)
    return PngHeader("PNG", width, height, memory, chunks, *ways, _profile(told))


def _needed(data: bytes) -> Iterator[Chunk]:
    """The chunks that matter. Texts are none of them, whatever they would unpack to, but for the
    EXIF of ImageMagick."""
    at = len(SIGNATURE)
    for count in range(MAX_CHUNKS + 1):
        if at + 12 > len(data):
            return
        if count == MAX_CHUNKS:
            raise TooComplex.over(MAX_CHUNKS, "chunks")
        length, name = struct.unpack_from(">I4s", data, at)
        chunk = Chunk(name, at + 8, at + 8 + length)
        if name in _PIXELS + _COLOURS or _is_exif(data, chunk):
            yield chunk
        if name == b"IEND":
            return
        at = chunk.end + 4


def _is_exif(data: bytes, chunk: Chunk) -> bool:
    raw = chunk.name in _TEXTS and data.startswith(b"Raw profile type exif\0", chunk.start)
    return (raw or chunk.name == b"eXIf") and chunk.end - chunk.start <= _EXIF_BYTES


def _without_metadata(data: bytes, chunks: Sequence[Chunk]) -> bytes:
    """The file of these chunks alone, but for colours. Raises UndecodablePhoto unless all of them
    are whole."""
    if chunks[-1].name != b"IEND":
        raise UndecodablePhoto("it is cut off: its last chunk is missing")
    kept = [SIGNATURE]
    for name, start, end in chunks:
        content = memoryview(data)[start - 4 : end]
        if zlib.crc32(content).to_bytes(4, "big") != data[end : end + 4]:
            raise UndecodablePhoto(f"the checksum of a chunk is wrong ({name.decode('latin-1')})")
        if name not in _COLOURS:
            kept += [data[start - 8 : end + 4]]
    return b"".join(kept)


def _has_all_rows(data: bytes, header: PngHeader) -> bool:
    """Pillow leaves what is missing black: it stops where the packed data say that they end."""
    unpack, found = zlib.decompressobj(), 0
    for name, start, end in header.chunks:
        rest = data[start:end] if name == b"IDAT" else b""
        while rest and not unpack.eof:
            found += len(unpack.decompress(rest, MB))
            rest = unpack.unconsumed_tail
    return found >= header.unpacked


def _scale_transparency(image: Image.Image, depth: int) -> None:
    """Pillow scales pixels to eight bits, but not the colour that is transparent."""
    colour = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(colour, tuple) and depth == 16:
        image.info["transparency"] = tuple(value >> 8 for value in colour)
    if image.mode == "L" and isinstance(colour, int) and depth < 8:
        image.info["transparency"] = colour * 255 // ((1 << depth) - 1)


def _profile(told: Mapping[bytes, bytes]) -> bytes | None:
    """The colour profile by the first of cICP, iCCP, sRGB, gAMA with cHRM that is there (PNG, third
    edition)."""
    if len(told.get(b"cICP", b"")) == 4:
        return profile_of_cicp(*told[b"cICP"][:2])
    if b"iCCP" in told:
        return _unpacked(told[b"iCCP"])
    if b"sRGB" in told or len(told.get(b"gAMA", b"")) != 4:
        return None
    return _of_gamma(told[b"gAMA"], told.get(b"cHRM", b""))


def _unpacked(told: bytes) -> bytes | None:
    """The profile in an iCCP chunk; None where it is broken or larger than any is."""
    unpack = zlib.decompressobj()
    try:
        profile = unpack.decompress(told[told.index(b"\0") + 2 :], MAX_PROFILE + 1)
    except (ValueError, zlib.error):
        return None
    return profile if unpack.eof else None


def _of_gamma(told: bytes, points: bytes) -> bytes | None:
    gamma, colours = int.from_bytes(told, "big") / 100_000, _chromaticities(points)
    if not 0.01 <= gamma <= 10:
        return None
    is_usual = abs(gamma - _USUAL_GAMMA) < 0.005
    if is_usual and colours is SRGB:
        return None
    return profile_of(colours, None if is_usual else 1 / gamma)


def _chromaticities(points: bytes) -> Chromaticities:
    """The chromaticities of a cHRM chunk; those of sRGB without one, or for impossible ones."""
    if len(points) != 32:
        return SRGB
    x = [value / 100_000 for value in struct.unpack(">8I", points)]
    found = Chromaticities((x[0], x[1]), (x[2], x[3]), (x[4], x[5]), (x[6], x[7]))
    try:
        profile_of(found)
    except (ValueError, struct.error):
        return SRGB
    near = all(abs(a - b) < 0.002 for a, b in zip(sum(found, ()), sum(SRGB, ()), strict=True))
    return SRGB if near else found
