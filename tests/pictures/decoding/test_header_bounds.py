"""decoding/header.py: what would cost too much is refused before a pixel is decoded."""

import re
import struct
import zlib
from contextlib import suppress

import pytest
from PIL import Image

from pictures.decoding.decode import decode
from pictures.decoding.header import read_header
from pictures.errors import (
    PhotoError,
    TooComplex,
    TooManyPixels,
    UndecodablePhoto,
    UnsupportedFormat,
)
from pictures.formats import boxes, jpeg, png, tiff, webp
from tests.pictures.files import chunk, file_of, png_header, png_of, scene

MB = 1_000_000


def scans(count: int, size: tuple[int, int] = (600, 400)) -> bytes:
    """A progressive JPEG whose last scan comes so many times."""
    data = file_of(Image.new("RGB", size, (9, 99, 9)), "JPEG", progressive=True)
    last = data[[found.start() for found in re.finditer(b"\xff\xda", data)][-1] : -2]
    return data[:-2] + last * count + data[-2:]


@pytest.mark.parametrize("count", [200, 15_000, 60_000])
def test_a_jpeg_of_too_many_scans_is_refused(count: int) -> None:
    with pytest.raises(TooComplex, match=rf"has {count + 10:,} scans; the limit is 100$"):
        read_header(scans(count))


def test_a_large_jpeg_may_have_fewer_scans_than_a_small_one() -> None:
    read_header(scans(50))
    with pytest.raises(TooComplex, match="60 scans of 30,000,000 pixels, 1,800,000,000 in all"):
        read_header(scans(50, size=(6000, 5000)))


@pytest.mark.parametrize(
    "segment", [b"\xff\xfe\0\2", b"\xff\xe5\0\2", b"\xff\xdd\0\4\0\0", b"\xff\1"]
)
def test_a_jpeg_of_segments_is_refused(segment: bytes) -> None:
    data = file_of(scene(), "JPEG")
    junk = segment * (20 * MB // len(segment))
    with pytest.raises(TooComplex, match="has over 2,000 segments, which is the limit"):
        read_header(data[:2] + junk + data[2:])
    read_header(data[:2] + segment * (jpeg.MAX_SEGMENTS // 2) + data[2:])


def test_a_jpeg_full_of_comments_and_restart_markers_is_read() -> None:
    data = file_of(scene(), "JPEG")
    comment = b"\xff\xfe\xff\xff" + bytes(65_533)
    full = data[:2] + comment * 150 + data[2:-2] + b"\xff\xd0\xff\xd1" * (2 * MB) + data[-2:]
    assert read_header(full).width == 60
    assert read_header(data[:2] + b"\xff" * 20 * MB + data[2:]).width == 60


@pytest.mark.parametrize(
    ("offset", "value", "said"),
    [(4, b"\x0c", "a JPEG of 12 bits a sample"), (5, b"\0\0", "does not tell its height")],
)
def test_a_jpeg_that_nothing_here_decodes_is_not_supported(
    offset: int, value: bytes, said: str
) -> None:
    data = file_of(scene(), "JPEG")
    at = data.index(b"\xff\xc0") + offset
    with pytest.raises(UnsupportedFormat, match=said):
        read_header(data[:at] + value + data[at + len(value) :])


@pytest.mark.parametrize("code", [0xC5, 0xC6, 0xCD, 0xDE])
def test_a_hierarchical_jpeg_is_not_supported(code: int) -> None:
    data = file_of(scene(), "JPEG").replace(b"\xff\xc0", bytes([0xFF, code]), 1)
    with pytest.raises(UnsupportedFormat, match="hierarchical JPEG"):
        read_header(data)


def test_a_png_of_tiny_chunks_is_refused() -> None:
    with pytest.raises(TooComplex, match="has over 20,000 chunks"):
        read_header(png_of(scene(), *[(b"tEXt", b"")] * png.MAX_CHUNKS))


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt", b"iCCP", b"tEXt", b"eXIf", b"fdAT"])
def test_what_a_png_has_beside_its_pixels_costs_nothing(name: bytes) -> None:
    bomb = zlib.compress(bytes(50 * MB), 9)
    content = {b"iTXt": b"a\0\1\0\0\0"}.get(name, b"a\0\0") + bomb
    photo = decode(png_of(scene(), *[(name, content)] * 20), min_side=100)
    assert photo.pixels.tolist() == decode(png_of(scene()), min_side=100).pixels.tolist()


def test_a_png_of_too_many_bytes_is_refused() -> None:
    head = struct.pack(">IIBBBBB", 8000, 8000, 16, 6, 0, 0, 0)
    data = png_header(1, 1)
    data = data[:8] + chunk(b"IHDR", head) + data[33:]
    with pytest.raises(TooComplex, match="512,008,000 bytes of pixels; the limit is 300,000,000"):
        read_header(data)


@pytest.mark.parametrize(
    "size", [(100_000, 3), (3, 100_000), (70_000, 100), (1000, 64_000), (64, 1_000_000)]
)
def test_a_side_that_is_too_long_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(TooManyPixels, match=rf"{size[0]} x {size[1]} .* a side is 32,768"):
        read_header(png_header(*size))


def test_a_webp_has_a_limit_of_its_own() -> None:
    stored = bytearray(file_of(scene(), "WEBP", lossless=True))
    at = stored.index(b"VP8L") + 9
    bits = int.from_bytes(stored[at : at + 4], "little") & ~0xFFFFFFF
    stored[at : at + 4] = (bits | 7999 | 5999 << 14).to_bytes(4, "little")
    with pytest.raises(TooManyPixels, match="48,000,000 pixels; the limit for WebP is 36,000,000"):
        read_header(bytes(stored))


def test_only_the_first_frame_of_an_animation_counts() -> None:
    colours = [(value, 0, 0) for value in (0, 50, 100, 150)]
    first, *others = (Image.new("RGB", (32, 32), colour) for colour in colours)
    data = file_of(first, "WEBP", save_all=True, append_images=others * 100, lossless=True)
    assert len(read_header(data).chunks) < 5  # type: ignore[attr-defined]
    frame = data[data.index(b"ANMF") : data.index(b"ANMF", data.index(b"ANMF") + 4)]
    with pytest.raises(TooComplex, match="over 10,000 chunks"):
        read_header(data + frame * webp.MAX_CHUNKS)


def tiff_of(
    *entries: tuple[int, int, int, int], tail: bytes = b"", magic: bytes = b"II*\0"
) -> bytes:
    """A TIFF of one directory: tag, type, count and value of each entry."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return magic + struct.pack("<IH", 8, len(entries)) + body + bytes(4) + tail


GREY = (256, 4, 1, 16), (257, 4, 1, 16), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1)


def test_a_tiff_with_a_huge_tile_is_refused() -> None:
    tiles = (322, 4, 1, 46_336), (323, 4, 1, 46_336), (324, 4, 1, 8), (325, 4, 1, 100)
    with pytest.raises(
        TooComplex, match=r"46336 x 46336 pixels, 2,147,024,896 bytes; .* 67,108,864"
    ):
        read_header(tiff_of(*GREY, *tiles, tail=bytes(400)))


def test_a_tiff_with_millions_of_strips_is_refused() -> None:
    strips = (273, 4, 2 * MB, 200), (279, 4, 2 * MB, 200)
    with pytest.raises(TooComplex, match="2,000,000 values of tag 273; the limit is 40,000"):
        read_header(tiff_of(*GREY, *strips, tail=bytes(8 * MB)))


def test_a_tiff_of_directories_without_end_is_read() -> None:
    data = bytearray(file_of(scene(), "TIFF"))
    at = int.from_bytes(data[4:8], "little")
    (count,) = struct.unpack_from("<H", data, at)
    struct.pack_into("<I", data, at + 2 + 12 * count, at)  # the next one is this one
    assert read_header(bytes(data)).width == 60
    many = tiff_of(*[(value, 3, 1, 1) for value in range(tiff.MAX_ENTRIES + 1)])
    with pytest.raises(TooComplex, match="513 tags; the limit is 512"):
        read_header(many)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({258: 32, 339: 3}, "float samples of 32 bits"),
        ({258: 32, 339: 1}, "samples of 32 bits"),
        ({258: 16, 339: 2}, "signed samples of 16 bits"),
        ({258: 12}, "samples of 12 bits"),
        ({262: 9}, r"1 x 8 bits \(photometric 9, compression 8\)"),
    ],
)
def test_a_tiff_that_is_no_photo_is_not_supported(tags: dict[int, int], said: str) -> None:
    kept = [entry for entry in GREY if entry[0] not in tags]
    entries = [*kept, *((tag, 3, 1, value) for tag, value in tags.items())]
    strips = [(273, 4, 1, 8), (279, 4, 1, 100), (278, 4, 1, 16)]
    with pytest.raises(UnsupportedFormat, match=said):
        read_header(tiff_of(*entries, *strips, tail=bytes(400)))


RAW = "a camera raw file; allowed are JPEG"


@pytest.mark.parametrize("tag", [(50706, 1, 4, 0x401), (262, 3, 1, 32803), (262, 3, 1, 34892)])
def test_a_dng_with_its_sensor_first_is_not_supported(tag: tuple[int, int, int, int]) -> None:
    entries = [entry for entry in GREY if entry[0] != tag[0]]
    with pytest.raises(UnsupportedFormat, match=RAW):
        read_header(tiff_of(*entries, tag, tail=bytes(400)))


def test_a_dng_with_a_thumbnail_first_is_not_supported() -> None:
    thumbnail = [*GREY, (254, 4, 1, 1), (330, 4, 1, 200)]
    data = tiff_of(*thumbnail).ljust(200, b"\0")
    sensor = tiff_of(*GREY[:4], (254, 4, 1, 0), (262, 3, 1, 32803))[8:]
    with pytest.raises(UnsupportedFormat, match=RAW):
        read_header(data + sensor)


@pytest.mark.parametrize(
    "magic", [b"IIU\0", b"IIRO", b"FUJIFILMCCD-RAW ", b"FOVb", b"\0\0\0\x18ftypcrx \0\0\0\1"]
)
def test_raw_files_of_other_cameras_are_not_supported(magic: bytes) -> None:
    with pytest.raises(UnsupportedFormat, match="a camera raw file"):
        read_header(magic + bytes(400))


def test_a_video_is_not_supported() -> None:
    with pytest.raises(UnsupportedFormat, match=r"another file of boxes \(isom\)"):
        read_header(b"\0\0\0\x18ftypisom\0\0\0\1isommp42" + bytes(400))


def test_the_first_full_picture_of_a_tiff_is_the_photo() -> None:
    pages = [Image.new("RGB", (16, 12), "red"), scene(), Image.new("RGB", (90, 80), "blue")]
    for page, kind in zip(pages, (1, 0, 0), strict=True):
        page.encoderinfo = {"tiffinfo": {254: kind}}
    data = file_of(pages[0], "TIFF", save_all=True, append_images=pages[1:], tiffinfo={254: 1})
    photo = decode(data, min_side=100)
    assert (photo.width, photo.height) == (60, 40)


def test_a_full_picture_beneath_a_thumbnail_is_the_photo() -> None:
    thumbnail, full = (
        file_of(scene(15, 10), "TIFF", tiffinfo={254: 1, 330: 0}),
        file_of(scene(), "TIFF"),
    )
    shift = len(thumbnail) + len(thumbnail) % 2
    moved = moved_by(full, shift)
    at = thumbnail.index(struct.pack("<HH", 330, 4)) + 8
    start = shift + int.from_bytes(full[4:8], "little")
    data = (thumbnail[:at] + struct.pack("<I", start) + thumbnail[at + 4 :]).ljust(shift, b"\0")
    photo = decode(data + moved, min_side=100)
    assert (photo.width, photo.height) == (60, 40)


def moved_by(data: bytes, shift: int) -> bytes:
    """A TIFF as it must be to stand so many bytes further back."""
    moved = bytearray(data)
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    sizes = {2: 1, 3: 2, 4: 4, 5: 8}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind, many, value = struct.unpack_from("<HHII", data, entry)
        if many * sizes[kind] > 4 or tag == 273:
            struct.pack_into("<I", moved, entry + 8, value + shift)
    return bytes(moved)


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_boxes_without_end_are_refused(kind: str) -> None:
    data = file_of(scene(), kind)
    with pytest.raises(TooComplex, match="over 10,000 boxes"):
        read_header(data + b"\0\0\0\x08free" * (boxes.MAX_BOXES + 1))


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_picture_of_too_many_items_is_refused(kind: str) -> None:
    data = file_of(scene(), kind)
    at = data.index(b"iinf") + 4
    version = data[at]
    number = struct.pack(">I" if version else ">H", 2_500 if not version else 70_000)
    with pytest.raises(TooComplex, match=r"items; the limit is 2,000"):
        read_header(data[: at + 4] + number + data[at + 4 + len(number) :])


def test_an_avif_bomb_is_refused_by_its_pixels() -> None:
    data = file_of(scene(), "AVIF")
    at = data.index(b"ispe") + 8
    bomb = data[:at] + struct.pack(">II", 15_000, 15_000) + data[at + 8 :]
    with pytest.raises(TooManyPixels, match="15000 x 15000 = 225,000,000"):
        read_header(bomb)


def test_a_picture_without_pixels_is_damaged() -> None:
    data = file_of(scene(), "WEBP", quality=80)
    at = data.index(b"VP8 ") + 14
    with pytest.raises(UndecodablePhoto, match="it is 0 x 40 pixels"):
        read_header(data[:at] + b"\0\0" + data[at + 2 :])


def test_tables_that_are_too_large_are_refused() -> None:
    data = file_of(scene(), "AVIF")
    table = struct.pack(">I4s", 8 + 5 * MB, b"moov") + bytes(5 * MB)
    with pytest.raises(
        TooComplex, match=r"a box 'moov' of 5,000,000 bytes; the limit is 4,194,304"
    ):
        read_header(data + table)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF"])
def test_a_header_cut_anywhere_is_a_photo_or_one_of_our_errors(kind: str) -> None:
    data = file_of(scene(), kind)
    for length in range(1, len(data), max(1, len(data) // 150)):
        with suppress(PhotoError):
            read_header(data[:length])
