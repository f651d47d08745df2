"""decoding/decode.py: half a photo is never taken for a whole one."""

import io
import re
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from pictures.decoding.decode import decode
from pictures.errors import UndecodablePhoto
from pictures.formats.jpeg import inspect
from tests.pictures.files import chunk, file_of, scene
from tests.pictures.odd_files import ARITHMETIC, ARITHMETIC_PROGRESSIVE

END = b"\xff\xd9"


def leaf_like(width: int = 480, height: int = 360) -> Image.Image:
    """Colours that change everywhere, with the noise of a sensor."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(40, 200, (12, 16, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    noise = rng.integers(-8, 9, (height, width, 3))
    return Image.fromarray((smooth + noise).clip(1, 255).astype(np.uint8))


def is_refused(data: bytes) -> bool:
    try:
        decode(data, min_side=100)
    except UndecodablePhoto:
        return True
    return False


JPEGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 2},
}


@pytest.mark.parametrize("way", JPEGS)
@pytest.mark.parametrize("part", [0.4, 0.6, 0.9, 0.99])
def test_a_jpeg_that_is_cut_and_closed_is_refused(way: str, part: float) -> None:
    data = file_of(leaf_like(), "JPEG", **JPEGS[way])
    assert not is_refused(data)
    cut = data[: int(part * len(data))]
    assert is_refused(cut + END)
    assert is_refused(cut.ljust(len(data), b"\0") + END)


@pytest.mark.parametrize("way", JPEGS)
@pytest.mark.parametrize("part", [0.4, 0.7])
@pytest.mark.parametrize("filling", [bytes(4096), b"\xff" * 4096, b""])
def test_a_jpeg_with_a_hole_is_refused(way: str, part: float, filling: bytes) -> None:
    data = file_of(leaf_like(), "JPEG", **JPEGS[way])
    at = int(part * len(data))
    assert is_refused(data[:at] + filling + data[at + 4096 :])


def on_a_flat_ground() -> bytes:
    """A JPEG in which zeros are blocks of one colour."""
    picture = Image.new("RGB", (1200, 900), (130, 130, 130))
    picture.paste(leaf_like(400, 300), (200, 560))
    data = file_of(picture, "JPEG", optimize=True, quality=40)
    assert bytes(64) in data
    return data


@pytest.mark.parametrize("size", [512, 1024, 4096])
def test_a_lost_sector_is_no_flat_ground(size: int) -> None:
    data = on_a_flat_ground()
    assert not is_refused(data)
    at = len(data) // 2 // 512 * 512
    assert is_refused(data[:at] + bytes(size) + data[at + size :])


@pytest.mark.parametrize("data", [ARITHMETIC, ARITHMETIC_PROGRESSIVE], ids=["plain", "progressive"])
def test_zeros_within_an_arithmetic_jpeg_are_a_hole(data: bytes) -> None:
    at = data.index(b"\xff\xda") + 14
    with pytest.raises(UndecodablePhoto, match="zeros in its place"):
        decode(data[:at] + bytes(64) + data[at:], min_side=6)


def test_a_progressive_jpeg_without_its_last_scans_is_refused() -> None:
    data = file_of(leaf_like(), "JPEG", progressive=True)
    scans = [found.start() for found in re.finditer(b"\xff\xda", data)]
    assert len(scans) > 5
    for at in scans[1:]:
        assert is_refused(data[:at] + END)


def test_a_jpeg_of_one_scan_a_component_without_the_last_is_refused() -> None:
    data = file_of(leaf_like(), "JPEG", progressive=True)
    header = inspect(data)
    missing = [
        scan for scan in header.scans if data[scan.start + 4] == 1 and data[scan.start + 5] == 3
    ]
    assert missing
    following = [scan.start for scan in header.scans if scan.start > missing[0].start]
    assert is_refused(data[: missing[0].start] + data[following[0] :])


@pytest.mark.parametrize("padding", [b"\0", bytes(700), b"\x12\x34"])
def test_padding_before_the_end_of_a_jpeg_is_no_damage(padding: bytes) -> None:
    data = file_of(leaf_like(), "JPEG")
    expected = decode(data, min_side=500).pixels
    found = decode(data[:-2] + padding + END, min_side=500).pixels
    np.testing.assert_array_equal(found, expected)


def test_what_is_only_odd_in_a_jpeg_is_no_damage() -> None:
    data = bytearray(file_of(leaf_like(), "JPEG"))
    expected = decode(bytes(data), min_side=500).pixels
    data[data.index(b"JFIF") + 5] = 2  # a version that there is not
    scan = data.index(b"\xff\xda")
    data[scan + 13] = 0  # Se, which a baseline JPEG does not use
    np.testing.assert_array_equal(decode(bytes(data), min_side=500).pixels, expected)


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"quality": 80}, {"quality": 60, "method": 0}]
)
@pytest.mark.parametrize("part", [0.3, 0.5, 0.8])
def test_a_webp_with_a_tail_of_zeros_is_refused(options: dict[str, int], part: float) -> None:
    data = file_of(leaf_like(), "WEBP", **options)
    at = int(part * len(data))
    assert is_refused(data[:at] + bytes(len(data) - at))


def test_an_animation_whose_first_frame_has_a_tail_of_zeros_is_refused() -> None:
    frames = [leaf_like(), leaf_like().rotate(180)]
    data = file_of(frames[0], "WEBP", save_all=True, append_images=frames[1:], quality=80)
    end = data.index(b"ANMF", data.index(b"ANMF") + 4)
    half = end // 2
    assert not is_refused(data)
    assert is_refused(data[:half] + bytes(end - half) + data[end:])


FLAT = [(0, 0, 0), (3, 90, 30)]


@pytest.mark.parametrize("colour", FLAT)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_a_leaf_on_a_ground_of_one_colour_is_whole(kind: str, colour: tuple[int, int, int]) -> None:
    picture = Image.new("RGB", (1000, 800), colour)
    picture.paste(leaf_like(300, 200), (300, 200))
    ways = {
        "WEBP": [{"lossless": True, "method": 0}, {"quality": 80}, {"quality": 20, "method": 0}]
    }
    for options in ways.get(kind, [{}]):
        photo = decode(file_of(picture, kind, **options), min_side=100)
        assert np.abs(photo.pixels[-1, -1].astype(int) - colour).max() < 4
    assert not is_refused(file_of(Image.new("RGB", (1000, 800), colour), kind))


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
@pytest.mark.parametrize("part", [0.5, 0.8])
def test_an_avif_or_heif_with_zeros_in_its_place_is_refused(kind: str, part: float) -> None:
    data = file_of(leaf_like(), kind)
    at = int(part * len(data))
    assert is_refused(data[:at] + bytes(len(data) - at))
    assert is_refused(data[:at] + bytes(512) + data[at + 512 :])


@pytest.mark.parametrize("way", [None, "tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg"])
@pytest.mark.parametrize("part", [0.503, 0.801])
def test_a_tiff_with_a_tail_of_zeros_is_refused(way: str | None, part: float) -> None:
    data = bytearray(file_of(leaf_like(), "TIFF", compression=way))
    with Image.open(io.BytesIO(data)) as image:
        assert isinstance(image, TiffImageFile)
        starts, sizes = (image.tag_v2[tag] for tag in (273, 279))
    at = starts[0] + int(part * sum(sizes))
    for start, size in zip(starts, sizes, strict=True):
        first = max(start, at)
        data[first : start + size] = bytes(max(0, start + size - first))
    assert is_refused(bytes(data))


def test_a_tiff_with_a_black_bar_below_it_is_whole() -> None:
    picture = leaf_like()
    picture.paste((0, 0, 0), (0, 300, 480, 360))
    assert not is_refused(file_of(picture, "TIFF"))


def test_a_png_whose_pixels_were_changed_is_refused() -> None:
    data = bytearray(file_of(leaf_like(), "PNG"))
    data[len(data) // 2] ^= 1
    with pytest.raises(UndecodablePhoto, match=r"checksum of a chunk is wrong \(IDAT\)"):
        decode(bytes(data), min_side=100)


def test_a_png_that_is_cut_and_closed_is_refused() -> None:
    data = file_of(leaf_like(), "PNG")
    at = data.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", data[at - 8 : at - 4])
    half = chunk(b"IDAT", data[at : at + length // 2]) + chunk(b"IEND", b"")
    assert is_refused(data[: at - 8] + half)


def test_a_png_with_too_few_rows_is_refused() -> None:
    data = file_of(scene(), "PNG")
    at = data.index(b"IDAT") + 4
    packed = zlib.compress(b"".join(b"\0" + bytes(180) for _ in range(20)))
    assert is_refused(data[: at - 8] + chunk(b"IDAT", packed) + chunk(b"IEND", b""))


@pytest.mark.parametrize("data", [ARITHMETIC, ARITHMETIC_PROGRESSIVE], ids=["plain", "progressive"])
def test_an_arithmetic_jpeg_is_a_photo_only_when_it_is_whole(data: bytes) -> None:
    for side in (6, 100):
        assert decode(data, min_side=side).pixels[-1, -1, 0] > 150
    start = data.rindex(b"\xff\xda") + 10
    for part in (0.3, 0.5, 0.7):
        cut = data[: start + int(part * (len(data) - start))]
        assert is_refused(cut + END)
        assert is_refused(cut)
