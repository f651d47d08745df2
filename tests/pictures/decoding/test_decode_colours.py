"""decoding/decode.py: every photo in sRGB, whatever its file says its numbers mean."""

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from pictures.decoding.decode import decode
from pictures.errors import UnsupportedFormat
from pictures.formats.icc import profile_of_cicp
from tests.pictures.files import SUFFIXES, cmyk_profile, file_of, png_of

P3, BT2020, SRGB, PQ, HLG, LINEAR = 12, 9, 13, 16, 18, 8
PATCHES = np.array([[200, 60, 40], [60, 180, 50], [40, 80, 190], [150, 150, 150]], np.uint8)
TO_SRGB = {  # linear, of published matrices
    P3: [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]],
    BT2020: [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
}


def patches(colours: npt.NDArray[np.uint8] = PATCHES) -> Image.Image:
    """Four squares of 32 pixels, side by side."""
    return Image.fromarray(np.repeat(np.repeat(colours[None], 32, axis=1), 32, axis=0))


def middles(data: bytes) -> npt.NDArray[np.float64]:
    pixels = decode(data, min_side=512).pixels
    return pixels[16, 16::32].astype(np.float64)


def linear(encoded: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def encoded(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    light = light.clip(0, 1)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def in_srgb(primaries: int) -> npt.NDArray[np.float64]:
    return encoded(linear(PATCHES / 255.0) @ np.array(TO_SRGB[primaries]).T)


@pytest.mark.parametrize("primaries", [P3, BT2020])
@pytest.mark.parametrize("kind", SUFFIXES)
def test_a_profile_is_converted_to_srgb_in_every_format(kind: str, primaries: int) -> None:
    profile = profile_of_cicp(primaries, SRGB)
    full: dict[str, dict[str, Any]] = {
        "JPEG": {"subsampling": 0},
        "AVIF": {"subsampling": "4:4:4"},
    }
    quality = full.get(kind, {})
    data = file_of(patches(), kind, icc_profile=profile, **quality)
    expected = in_srgb(primaries)
    assert np.abs(middles(data) - expected).max() < 6
    assert np.abs(PATCHES - expected).max() > 15  # so much it is off without


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK", "L"])
def test_a_profile_holds_for_every_mode_that_it_fits(mode: str) -> None:
    data = file_of(
        patches().convert(mode), "TIFF" if mode == "CMYK" else "PNG", icc_profile=adobe_like()
    )
    grey = np.abs(middles(data)[3] - 150).max()
    assert grey < 3 if mode == "CMYK" else grey > 5


def adobe_like() -> bytes:
    found = profile_of_cicp(4, 5)  # a gamma of 2.8
    assert found
    return found


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_are_converted_by_their_profile(kind: str) -> None:
    image = Image.new("CMYK", (32, 32), (255, 0, 0, 0))
    plain, converted = (
        decode(file_of(image, kind, icc_profile=profile), min_side=99).pixels[16, 16]
        for profile in (None, cmyk_profile(cyan=(60, -30, -40)))
    )
    assert np.abs(plain.astype(int) - (0, 255, 255)).max() <= 2
    # L*a*b* (60, -30, -40) under D50 as sRGB: red is out of reach
    assert np.abs(converted.astype(int) - (0, 162, 214)).max() <= 6


@pytest.mark.parametrize("kind", SUFFIXES)
@pytest.mark.parametrize("profile", [b"", b"no profile", bytes(500), b"\xff" * 3000])
def test_a_broken_profile_is_as_none(kind: str, profile: bytes) -> None:
    given = file_of(patches(), kind, icc_profile=profile)
    assert np.abs(middles(given) - middles(file_of(patches(), kind))).max() <= 2


def test_a_profile_cut_anywhere_is_as_none() -> None:
    profile = cmyk_profile(cyan=(60, -30, -40))
    for length in range(0, len(profile), 300):
        decode(file_of(patches(), "JPEG", icc_profile=profile[:length]), min_side=99)


def test_parts_of_a_profile_that_do_not_fit_together_are_as_none() -> None:
    profile = profile_of_cicp(P3, SRGB)
    assert profile
    data = file_of(patches(), "JPEG", icc_profile=profile)
    at = data.index(b"ICC_PROFILE\0") + 12
    for numbers in (b"\2\1", b"\1\2", b"\0\0"):
        broken = data[:at] + numbers + data[at + 2 :]
        assert np.abs(middles(broken) - PATCHES).max() < 6


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
@pytest.mark.parametrize("primaries", [P3, BT2020])
def test_code_points_are_converted_to_srgb(kind: str, primaries: int) -> None:
    data = with_code_points(kind, primaries, SRGB)
    assert np.abs(middles(data) - in_srgb(primaries)).max() < 6


@pytest.mark.parametrize("kind", ["AVIF", "HEIF", "PNG"])
@pytest.mark.parametrize(("transfer", "name"), [(PQ, "PQ"), (HLG, "HLG")])
def test_hdr_is_refused_by_name(kind: str, transfer: int, name: str) -> None:
    with pytest.raises(UnsupportedFormat, match=rf"HDR \({name}\); allowed are .* standard"):
        decode(with_code_points(kind, BT2020, transfer), min_side=99)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_profile_of_hdr_is_refused_by_name(kind: str) -> None:
    profile = profile_of_cicp(BT2020, SRGB)
    assert profile
    with pytest.raises(UnsupportedFormat, match=r"HDR \(PQ\)"):
        decode(file_of(patches(), kind, icc_profile=with_hdr_tag(profile)), min_side=99)


def with_code_points(kind: str, primaries: int, transfer: int) -> bytes:
    if kind == "PNG":
        return png_of(patches(), (b"cICP", bytes([primaries, transfer, 0, 1])))
    options = {"subsampling": "4:4:4"} if kind == "AVIF" else {}
    data = file_of(patches(), kind, **options)
    at = data.index(b"nclx") + 4
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def with_hdr_tag(profile: bytes) -> bytes:
    """The last tag of the profile stands for PQ."""
    count = int.from_bytes(profile[128:132], "big")
    at = 132 + 12 * (count - 1)
    tag = b"cicp" + struct.pack(">II", len(profile), 12)
    return profile[:at] + tag + profile[at + 12 :] + b"cicp\0\0\0\0" + bytes([9, PQ, 0, 1])


def test_a_png_in_linear_light_is_not_dark() -> None:
    light = np.rint(255 * linear(PATCHES / 255.0)).astype(np.uint8)
    data = png_of(patches(light), (b"gAMA", struct.pack(">I", 100_000)))
    assert np.abs(middles(data) - PATCHES).max() < 8


def test_a_png_tells_its_primaries() -> None:
    points = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    chunks = (b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", struct.pack(">8I", *points))
    assert np.abs(middles(png_of(patches(), *chunks)) - in_srgb(P3)).max() < 3


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"gAMA", struct.pack(">I", 45_455))],
        [(b"gAMA", struct.pack(">I", 0))],
        [(b"gAMA", struct.pack(">I", 100_000)), (b"sRGB", b"\0")],
        [(b"gAMA", b"\0"), (b"cHRM", b"\0")],
        [(b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", bytes(32))],
        [(b"cICP", bytes([1, 13, 0, 1])), (b"gAMA", struct.pack(">I", 100_000))],
        [(b"iCCP", b"x\0\0" + zlib.compress(bytes(100))), (b"gAMA", struct.pack(">I", 100_000))],
        [(b"iCCP", b"x\0\0" + zlib.compress(bytes(50_000_000)))],
        [(b"iCCP", b"x")],
    ],
)
def test_a_png_in_srgb_or_with_broken_colours_is_as_it_is(
    chunks: list[tuple[bytes, bytes]],
) -> None:
    np.testing.assert_array_equal(middles(png_of(patches(), *chunks)), PATCHES)


@pytest.mark.parametrize("transfer", [1, 6, 14])
def test_curves_of_cameras_are_shown_as_screens_show_them(transfer: int) -> None:
    assert profile_of_cicp(1, transfer) is None


@pytest.mark.parametrize(("primaries", "transfer"), [(3, 13), (1, 9), (99, 1)])
def test_colours_that_nobody_knows_are_refused(primaries: int, transfer: int) -> None:
    with pytest.raises(UnsupportedFormat, match=f"primaries {primaries}, transfer {transfer}"):
        decode(with_code_points("AVIF", primaries, transfer), min_side=99)


def test_lab_becomes_rgb() -> None:
    image = Image.new("LAB", (16, 16), (153, 128, 128))  # L* of 60
    pixels = decode(file_of(image, "TIFF"), min_side=99).pixels
    assert np.abs(pixels[8, 8].astype(int) - 145).max() <= 3


def test_white_as_zero_in_16_bits_is_white() -> None:
    values = np.linspace(0, 65535, 64).astype(np.uint16).reshape(1, 64)
    stored = file_of(Image.fromarray(65535 - values), "TIFF", tiffinfo={262: 0})
    shown = decode(stored, min_side=99).pixels[0, :, 0]
    assert np.abs(shown.astype(int) - np.rint(values[0] / 257)).max() <= 1


@pytest.mark.parametrize("depth", [2, 4, 16])
def test_the_transparent_grey_of_a_png_is_white_at_every_depth(depth: int) -> None:
    value = (1 << depth) // 3
    other = (1 << depth) - 1 if depth < 16 else 30_000
    row = (
        struct.pack(">HH", value, other)
        if depth == 16
        else bytes([(value << (8 - depth)) | (other << (8 - 2 * depth))])
    )
    data = png_of(None, (b"tRNS", struct.pack(">H", value)), head=(2, 1, depth, 0), rows=[row])
    shown = decode(data, min_side=99).pixels[0, :, 0].tolist()
    assert shown == [255, 255 if depth < 16 else 117]
    without = png_of(None, head=(2, 1, depth, 0), rows=[row])
    assert decode(without, min_side=99).pixels[0, 0, 0] < 100
