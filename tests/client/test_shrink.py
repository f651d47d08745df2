"""A photo that is made smaller shows what the server would have seen, or travels as it is."""

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cropshield_client.shrink import shrunk
from engine.images import decode
from pictures.leaves import draw_leaf
from tests.engine.test_images import BACK
from tests.pictures.files import file_of, scene
from tests.pictures.profiles import RED_IS_GREEN, cyan_is_black, linear_grey

LONG_SIDE = 160
SIZE = (480, 320)
KINDS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF")
Pixels = Any
Files = dict[str, Callable[[], bytes]]


@cache
def drawn() -> Image.Image:
    return draw_leaf("spots", seed=3, size=SIZE).photo


def leaf() -> Image.Image:
    return drawn().copy()


def small(data: bytes) -> Pixels:
    """The shrunk photo, int (h, w, 3)."""
    with Image.open(io.BytesIO(shrunk(data, LONG_SIDE))) as photo:
        assert (photo.format, photo.mode, max(photo.size)) == ("JPEG", "RGB", LONG_SIDE)
        assert not photo.getexif()
        assert "icc_profile" not in photo.info
        return np.asarray(photo, int)


def seen_by_the_server(data: bytes, size: tuple[int, int]) -> Pixels:
    photo = Image.fromarray(decode(data, min_side=2000).pixels)
    return np.asarray(photo.resize(size, Image.Resampling.LANCZOS), int)


def assert_alike(one: Pixels, other: Pixels, tolerance: float = 8) -> None:
    assert one.shape == other.shape
    assert np.abs(one - other).mean() < tolerance
    assert np.abs(one.mean((0, 1)) - other.mean((0, 1))).max() < tolerance / 5


def oriented(kind: str, orientation: int) -> bytes:
    turn, exif = BACK[orientation], Image.Exif()
    exif[0x0112] = orientation
    return file_of(leaf() if turn is None else leaf().transpose(turn), kind, exif=exif)


@pytest.mark.parametrize("orientation", BACK)
@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_of_every_format_is_upright(kind: str, orientation: int) -> None:
    found = small(oriented(kind, orientation))
    assert_alike(found, np.asarray(leaf().resize((160, 107), Image.Resampling.LANCZOS), int))


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


def palette_with_a_hidden_colour() -> bytes:
    photo = leaf().quantize(16)
    return file_of(photo, "PNG", transparency=photo.getpixel((0, 0)))


def sixteen_bits() -> Image.Image:
    return Image.fromarray(np.asarray(leaf().convert("L")).astype(np.uint16) * 257)


SEEN: Files = {
    **{f"cut-out {kind}": partial(cut_out_file, kind) for kind in KINDS[1:]},
    "cut-out grey": lambda: file_of(cut_out().convert("LA"), "PNG"),
    "palette": lambda: file_of(leaf().quantize(64), "PNG"),
    "palette with a hidden colour": palette_with_a_hidden_colour,
    "16-bit grey": lambda: file_of(sixteen_bits(), "PNG"),
    "grey": lambda: file_of(leaf().convert("L"), "JPEG"),
    "two tones": lambda: file_of(leaf().convert("1"), "PNG"),
    "CMYK": lambda: file_of(leaf().convert("CMYK"), "JPEG"),
    "broken profile": lambda: file_of(leaf(), "JPEG", icc_profile=b"nonsense" * 40),
    "profile for other colours": lambda: file_of(leaf(), "JPEG", icc_profile=linear_grey()),
    "several pictures": lambda: file_of(leaf(), "MPO", save_all=True, append_images=[scene()]),
    "animation": lambda: file_of(leaf(), "WEBP", save_all=True, append_images=[scene(*SIZE)]),
}


@pytest.mark.parametrize("name", SEEN)
def test_a_small_photo_shows_what_the_server_would_have_seen(name: str) -> None:
    data = SEEN[name]()
    found = small(data)
    assert_alike(found, seen_by_the_server(data, found.shape[1::-1]))


@pytest.mark.parametrize("kind", KINDS)
def test_colours_are_those_of_the_profile(kind: str) -> None:
    found = small(file_of(scene(*SIZE), kind, icc_profile=RED_IS_GREEN))
    expected = np.asarray(scene(160, 107), int)[..., [1, 0, 2]]
    assert np.abs(np.median(np.abs(found - expected), axis=(0, 1))).max() < 6


def test_inks_are_those_of_the_profile() -> None:
    inks = Image.new("CMYK", SIZE, (255, 0, 0, 0))
    inks.paste((0, 255, 0, 0), (0, 0, 240, 320))
    found = small(file_of(inks, "JPEG", icc_profile=cyan_is_black()))
    assert found[50, 30].min() > 250
    assert found[50, 130].max() < 5


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_greys_are_those_of_the_profile(mode: str) -> None:
    grey = Image.new("L", SIZE, 128).convert(mode)
    found = small(file_of(grey, "PNG", icc_profile=linear_grey()))
    assert np.abs(found - 188).max() < 3


def test_a_photo_that_is_small_enough_travels_as_it_is() -> None:
    photo = file_of(scene(LONG_SIDE, 100), "PNG")
    assert shrunk(photo, LONG_SIDE) is photo
    assert shrunk(b"no photo", LONG_SIDE) == b"no photo"


@pytest.mark.parametrize("size", [(100_000, 3), (1, 10_000), (40_000, 1)])
def test_a_strip_stays_a_picture(size: tuple[int, int]) -> None:
    found = small(file_of(Image.new("RGB", size, "green"), "PNG"))
    assert np.abs(found - (0, 128, 0)).max() < 3


def cut(data: bytes, end: bytes = b"") -> bytes:
    return data[: len(data) * 6 // 10] + end


def cut_file(kind: str) -> bytes:
    return cut(file_of(leaf(), kind))


def zeros(data: bytes, start: float, length: int) -> bytes:
    first = int(len(data) * start)
    return data[:first] + bytes(min(length, len(data) - first)) + data[first + length :]


def chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def png_with(name: bytes, content: bytes) -> bytes:
    """The leaf with a chunk behind its header."""
    data = file_of(leaf(), "PNG")
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
    "WebP of zeros": lambda: zeros(file_of(leaf(), "WEBP"), 0.5, 10**6),
    "wrong sum": with_a_chunk_of_another_sum,
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_looks_damaged_is_left_to_the_server(name: str) -> None:
    data = DAMAGED[name]()
    assert shrunk(data, LONG_SIDE) == data


def avif_of(primaries: int, transfer: int) -> bytes:
    """The leaf with other code points for its colours."""
    data = file_of(leaf(), "AVIF")
    place = data.index(b"colrnclx") + 8
    return data[:place] + struct.pack(">2H", primaries, transfer) + data[place + 4 :]


UNSURE: Files = {
    "linear light": lambda: png_with(b"gAMA", struct.pack(">I", 100_000)),
    "HDR PNG": lambda: png_with(b"cICP", bytes((9, 16, 0, 1))),
    "HDR AVIF": lambda: avif_of(9, 16),
    "Display P3 AVIF": lambda: avif_of(12, 13),
    "two pages": lambda: file_of(leaf(), "TIFF", save_all=True, append_images=[scene()]),
    "camera raw": lambda: file_of(leaf(), "TIFF", tiffinfo={50706: bytes((1, 4, 0, 0))}),
    "16-bit TIFF": lambda: file_of(sixteen_bits(), "TIFF"),
    "32-bit": lambda: file_of(Image.new("I", SIZE, 70_000), "TIFF"),
    "floats": lambda: file_of(Image.new("F", SIZE, 0.5), "TIFF"),
}


@pytest.mark.parametrize("name", UNSURE)
def test_what_cannot_be_converted_for_sure_is_left_to_the_server(name: str) -> None:
    data = UNSURE[name]()
    assert shrunk(data, LONG_SIDE) == data
