"""Drawn photos as cameras, scanners and bad links make them: turned, cut out, damaged, rare."""

import base64
import struct
import zlib
from collections.abc import Callable
from functools import cache, partial

import numpy as np
from PIL import Image

from pictures.drawn_leaves.leaves import draw_leaf
from pictures.formats.icc import SRGB, profile_of
from tests.pictures.files import file_of, scene
from tests.pictures.profiles import RED_IS_GREEN, cyan_is_black, hdr, linear_grey

SIZE = (480, 320)
KINDS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF")
BACK = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera stores what its EXIF orientation then turns upright."""
LINEAR = profile_of(SRGB, 1.0)
Files = dict[str, Callable[[], bytes]]


@cache
def drawn() -> Image.Image:
    return draw_leaf("spots", seed=3, size=SIZE).photo


def leaf() -> Image.Image:
    return drawn().copy()


def oriented(kind: str, orientation: int) -> bytes:
    turn, exif = BACK[orientation], Image.Exif()
    exif[0x0112] = orientation
    return file_of(leaf() if turn is None else leaf().transpose(turn), kind, exif=exif)


def cut_out() -> Image.Image:
    """A leaf whose ground is hidden, half hidden along its rim."""
    alpha = Image.new("L", SIZE, 0)
    alpha.paste(128, (80, 60, 400, 260))
    alpha.paste(255, (100, 80, 380, 240))
    photo = leaf()
    photo.putalpha(alpha)
    return photo


def cut_out_file(kind: str) -> bytes:
    return file_of(cut_out(), kind)


def file_with_profile(kind: str) -> bytes:
    return file_of(leaf(), kind, icc_profile=RED_IS_GREEN)


def palette_with_a_hidden_colour() -> bytes:
    photo = leaf().quantize(16)
    return file_of(photo, "PNG", transparency=photo.getpixel((0, 0)))


def sixteen_bits() -> Image.Image:
    return Image.fromarray(np.asarray(leaf().convert("L")).astype(np.uint16) * 257)


def with_a_gain_map() -> bytes:
    """As phones write it since 2023: what makes the picture brighter on screens that can be."""
    told = b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
    told += b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:hdrgm='
    told += b'"http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0" hdrgm:GainMapMax="3"/>'
    told += b"</rdf:RDF></x:xmpmeta>"
    data = file_of(leaf(), "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", len(told) + 2) + told
    return data[:2] + segment + data[2:] + file_of(Image.new("L", (60, 40), 255), "JPEG")


SURE: Files = {
    **{f"cut-out {kind}": partial(cut_out_file, kind) for kind in KINDS[1:]},
    "cut-out grey": lambda: file_of(cut_out().convert("LA"), "PNG"),
    "palette": lambda: file_of(leaf().quantize(64), "PNG"),
    "palette with a hidden colour": palette_with_a_hidden_colour,
    "16-bit grey": lambda: file_of(sixteen_bits(), "PNG"),
    "grey": lambda: file_of(leaf().convert("L"), "JPEG"),
    "two tones": lambda: file_of(leaf().convert("1", dither=Image.Dither.NONE), "PNG"),
    "CMYK": lambda: file_of(leaf().convert("CMYK"), "JPEG"),
    **{f"profile {kind}": partial(file_with_profile, kind) for kind in KINDS},
    "inks": lambda: file_of(leaf().convert("CMYK"), "JPEG", icc_profile=cyan_is_black()),
    "greys": lambda: file_of(leaf().convert("L"), "JPEG", icc_profile=linear_grey()),
    "greys with RGB": lambda: file_of(leaf().convert("L"), "PNG", icc_profile=LINEAR),
    "broken profile": lambda: file_of(leaf(), "JPEG", icc_profile=b"nonsense" * 40),
    "profile for other colours": lambda: file_of(leaf(), "JPEG", icc_profile=linear_grey()),
    "several pictures": lambda: file_of(leaf(), "MPO", save_all=True, append_images=[scene()]),
    "animation": lambda: file_of(leaf(), "WEBP", save_all=True, append_images=[scene(*SIZE)]),
    "gain map": with_a_gain_map,
}
"""What every program reads alike."""


def cut(data: bytes, end: bytes = b"") -> bytes:
    return data[: len(data) * 6 // 10] + end


def cut_file(kind: str) -> bytes:
    return cut(file_of(leaf(), kind))


def jpeg_with(filling: bytes, instead_of: int = 500, **options: int) -> bytes:
    """The leaf, with this in the place of so many bytes in the middle."""
    data = file_of(leaf(), "JPEG", **options)
    middle = len(data) // 2
    return data[:middle] + filling + data[middle + instead_of :]


def zeros(data: bytes, start: float, length: int) -> bytes:
    first = int(len(data) * start)
    return data[:first] + bytes(min(length, len(data) - first)) + data[first + length :]


def chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def png_with(name: bytes, content: bytes, photo: Image.Image | None = None) -> bytes:
    """The photo, or the leaf, with a chunk behind its header."""
    data = file_of(photo or leaf(), "PNG")
    return data[:33] + chunk(name, content) + data[33:]


def with_a_chunk_of_another_sum() -> bytes:
    """Pillow raises SyntaxError for it."""
    data = bytearray(png_with(b"gAMA", struct.pack(">I", 45455)))
    data[33 + 8] ^= 1
    return bytes(data)


DAMAGED: Files = {
    **{f"cut {kind}": partial(cut_file, kind) for kind in KINDS},
    "closed JPEG": lambda: cut(file_of(leaf(), "JPEG"), b"\xff\xd9"),
    "closed grey JPEG": lambda: cut(file_of(leaf().convert("L"), "JPEG"), b"\xff\xd9"),
    "closed CMYK JPEG": lambda: cut(file_of(leaf().convert("CMYK"), "JPEG"), b"\xff\xd9"),
    "closed progressive JPEG": lambda: cut(file_of(leaf(), "JPEG", progressive=True), b"\xff\xd9"),
    "JPEG with a hole": lambda: zeros(file_of(leaf(), "JPEG"), 0.5, 4096),
    "JPEG with a part left out": lambda: jpeg_with(b""),
    "JPEG with a part that came twice": lambda: jpeg_with(
        file_of(leaf(), "JPEG")[20_000:20_500], 0
    ),
    "JPEG with a hole of ones": lambda: jpeg_with(b"\xff" * 500),
    "JPEG with other bytes": lambda: jpeg_with(bytes(range(1, 251)) * 2),
    "JPEG with other bytes between restarts": lambda: jpeg_with(
        bytes(range(1, 61)), 60, restart_marker_rows=1
    ),
    "JPEG without its end": lambda: file_of(leaf(), "JPEG")[:-2],
    "WebP of zeros": lambda: zeros(file_of(leaf(), "WEBP"), 0.5, 10**6),
    "wrong sum": with_a_chunk_of_another_sum,
}


WIDE = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
"""Of Display P3, as a PNG tells it."""


def avif_of(primaries: int, transfer: int) -> bytes:
    """The leaf with other code points for its colours."""
    data = file_of(leaf(), "AVIF")
    place = data.index(b"colrnclx") + 8
    return data[:place] + struct.pack(">2H", primaries, transfer) + data[place + 4 :]


UNSURE: Files = {
    "linear light": lambda: png_with(b"gAMA", struct.pack(">I", 100_000)),
    "HDR PNG": lambda: png_with(b"cICP", bytes((9, 16, 0, 1))),
    "HDR JPEG": lambda: file_of(leaf(), "JPEG", icc_profile=hdr()),
    "wide gamut PNG": lambda: png_with(b"cHRM", struct.pack(">8I", *WIDE)),
    "16-bit PNG with a hidden grey": lambda: file_of(sixteen_bits(), "PNG", transparency=0),
    "HDR AVIF": lambda: avif_of(9, 16),
    "Display P3 AVIF": lambda: avif_of(12, 13),
    "two pages": lambda: file_of(leaf(), "TIFF", save_all=True, append_images=[scene()]),
    "camera raw": lambda: file_of(leaf(), "TIFF", tiffinfo={50706: bytes((1, 4, 0, 0))}),
    "16-bit TIFF": lambda: file_of(sixteen_bits(), "TIFF"),
    "32-bit": lambda: file_of(Image.new("I", SIZE, 70_000), "TIFF"),
    "floats": lambda: file_of(Image.new("F", SIZE, 0.5), "TIFF"),
}
"""What few programs read alike."""


ARITHMETIC = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsL"
    "EBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"
    "FBQUFBQUFBQUFBQUFBQUFBQUFBT/yQARCAAYACADASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPwD/ANo/"
    "MPzkTD0MtnKD/guRP7foF2NTLVXXbBNnEvEfooTAW3RRGQpCvSsWUIfaUMablaF8R0LLhVYqCtg6IDTdXVE3+eTsfpRe"
    "KW+Dra5NA1HXUnz58+D/2Q=="
)
ARITHMETIC_PROGRESSIVE = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsL"
    "EBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"
    "FBQUFBQUFBQUFBQUFBQUFBQUFBT/ygARCAAYACADASIAAhEBAxEB/8wABgAQARD/2gAMAwEAAhADEAAAAf8AtKaAro7W"
    "qXLaXSuvApDkETxIxIB6eP/MAAQQBf/aAAgBAQABBQKdpAIk9lXA/8wABBEF/9oACAEDAQE/AYbY5BGg7188eU5Huza1"
    "Rrj/zAAEEQX/2gAIAQIBAT8BhzRFQD4c4+DfzF9OOLB0QEj/zAAEEAX/2gAIAQEABj8CWmHNQ0/nMpNZ90hscJD/zAAE"
    "EAX/2gAIAQEAAT8hHreAABaHRPs4gP/aAAwDAQACAAMAAAAQ/wD/AHiA/8wABBEF/9oACAEDAQE/EHmIxUO4JRVg/8wA"
    "BBEF/9oACAECAQE/EHmI0IddJ6LA/8wABBAF/9oACAEBAAE/EEvGAABDlidAkoD/2Q=="
)
"""The scene in 32 x 24 pixels, arithmetic-coded: Pillow cannot write that."""
