"""decoding/header.py: what a file is, by its content."""

import base64
import gzip

import pytest

from pictures.decoding.header import read_header
from pictures.errors import TooManyPixels, UndecodablePhoto, UnsupportedFormat
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


OTHERS: dict[str, bytes] = {
    "a BMP": file_of(scene(), "BMP"),
    "a GIF": file_of(scene(), "GIF"),
    "a JPEG 2000": file_of(scene(), "JPEG2000"),
    "a JPEG XL": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(50),
    "a PDF": b"%PDF-1.7\n",
    "a Photoshop file": b"8BPS\0\1" + bytes(50),
    "a ZIP file": b"PK\3\4" + bytes(50),
    "a gzip file": gzip.compress(file_of(scene(), "JPEG")),
    "an SVG or another XML file": b'<?xml version="1.0"?><svg/>',
    "a page of HTML": b"\n<!DOCTYPE html><html>",
    "a Git LFS pointer, not the file itself": b"version https://git-lfs.github.com/spec/v1\n",
    "a data: URL in text; its bytes are wanted": b"data:image/jpeg;base64,/9j/",
    "an image in Base64; its bytes are wanted": base64.b64encode(file_of(scene(), "JPEG")),
    "JSON; the bytes of the photo are wanted": b'{"image": "/9j/4AAQ"}',
    "a form whose Content-Type does not say so": b"------WebKitFormBoundaryx\r\nContent-",
    "not an image of a known format": file_of(scene(), "PPM"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_are_refused_by_name(name: str) -> None:
    allowed = "JPEG, PNG, WEBP, HEIF, AVIF, TIFF"
    with pytest.raises(UnsupportedFormat) as refused:
        read_header(OTHERS[name])
    assert str(refused.value) == f"photo is {name}; allowed are {allowed}"


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
