"""pictures/header.py: what a file is, by its content."""

import pytest

from pictures.errors import TooManyPixels, UndecodablePhoto, UnsupportedFormat
from pictures.header import read_header
from tests.pictures.files import SUFFIXES, file_of, png_header, scene


@pytest.mark.parametrize("kind", SUFFIXES)
def test_every_allowed_format_is_read(kind: str) -> None:
    header = read_header(file_of(scene(), kind))
    assert (header.width, header.height) == (60, 40)
    assert header.format == ("JPEG" if kind == "MPO" else kind)


def test_a_photo_over_the_limit_names_its_pixels() -> None:
    with pytest.raises(TooManyPixels, match="60 x 40 = 2,400 pixels; the limit is 2,399"):
        read_header(file_of(scene(), "PNG"), max_pixels=2_399)


@pytest.mark.parametrize("side", [8_001, 12_000, 20_000, 2_000_000])
def test_a_bomb_is_refused_by_its_header(side: int) -> None:
    with pytest.raises(TooManyPixels, match=rf"{side} x {side} = .* the limit is 64,000,000"):
        read_header(png_header(side, side))


def test_a_webp_bomb_is_refused_by_its_header() -> None:
    stored = bytearray(file_of(scene(), "WEBP", lossless=True))
    at = stored.index(b"VP8L") + 9  # 14 bits of width and of height, each less one
    bits = int.from_bytes(stored[at : at + 4], "little") & ~0xFFFFFFF
    stored[at : at + 4] = (bits | 16_000 | 15_000 << 14).to_bytes(4, "little")
    with pytest.raises(TooManyPixels, match="the limit is 64,000,000"):
        read_header(bytes(stored))


@pytest.mark.parametrize("kind", ["BMP", "GIF", "PPM"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(UnsupportedFormat, match="allowed are JPEG, PNG, WEBP, HEIF, AVIF, TIFF"):
        read_header(file_of(scene(), kind))


def test_text_is_no_photo() -> None:
    with pytest.raises(UnsupportedFormat):
        read_header(b"These are not the bytes of a photo.")


def test_an_empty_file_is_named() -> None:
    with pytest.raises(UndecodablePhoto, match="0 bytes"):
        read_header(b"")


@pytest.mark.parametrize("kind", SUFFIXES)
def test_a_header_that_is_cut_off_is_undecodable(kind: str) -> None:
    with pytest.raises(UndecodablePhoto):
        read_header(file_of(scene(), kind)[:14])
