"""pictures/formats/jpeg_clean.py: what is kept of a JPEG, and what never is."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pictures.decoding.decode import Photo, decode
from pictures.drawn_leaves.leaves import draw_leaf
from tests.pictures.profiles import RED_IS_GREEN, SRGB

SECRET = b"where and when, and by whom"


def leaf(width: int = 320, height: int = 240) -> Image.Image:
    return draw_leaf("spots", seed=3, size=(width, height)).photo


def saved(image: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **{"quality": 85} | options)
    return stream.getvalue()


def with_segment(code: int, content: bytes, data: bytes | None = None) -> bytes:
    """A JPEG with one segment more, right behind its start marker."""
    data = data or saved(leaf())
    return (
        data[:2] + bytes((0xFF, code)) + (len(content) + 2).to_bytes(2, "big") + content + data[2:]
    )


def exif(orientation: int = 1) -> bytes:
    told = Image.Exif()
    told[0x0112], told[0x010F], told[0x927C] = orientation, SECRET.decode(), SECRET
    return told.tobytes()


def thumbnail() -> bytes:
    """A JFIF header that carries a picture of 9 x 1 pixels."""
    return b"JFIF\0\1\1\0\0\1\0\1\x09\x01" + SECRET


CARRIERS = {
    "EXIF with maker notes": saved(leaf(), exif=exif()),
    "XMP": with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET),
    "a thumbnail in the JFIF header": with_segment(0xE0, thumbnail()),
    "a thumbnail of JFXX": with_segment(0xE0, b"JFXX\0\x13\x01\x01" + SECRET),
    "a profile of sRGB": saved(leaf(), icc_profile=SRGB + SECRET),
    "IPTC": with_segment(0xED, b"Photoshop 3.0\0" + SECRET),
    "a segment of a maker's own": with_segment(0xE7, SECRET),
    "a comment": saved(leaf(), comment=SECRET),
    "what follows the end": saved(leaf()) + SECRET,
    "a second picture": saved(leaf()) + saved(leaf(64, 64), comment=SECRET),
    "Adobe's mark of YCbCr": with_segment(0xEE, b"Adobe\0\x64\0\0\0\0\1" + SECRET),
}


def decoded(data: bytes) -> Photo:
    return decode(data, min_side=200, min_long_side=960)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_nothing_but_the_picture_is_kept(carrier: str) -> None:
    data = CARRIERS[carrier]
    assert SECRET in data
    kept = decoded(data).jpeg
    assert kept is not None
    assert SECRET not in kept
    assert kept == decoded(saved(leaf())).jpeg


def test_the_picture_is_kept_bit_by_bit() -> None:
    photo = decoded(saved(leaf(), exif=exif(), quality=90))
    assert photo.jpeg is not None
    with Image.open(io.BytesIO(photo.jpeg)) as kept:
        assert set(kept.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert not kept.getexif()
        np.testing.assert_array_equal(np.asarray(kept), photo.pixels)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"restart_marker_blocks": 4}])
def test_plain_files_of_all_encoders_are_kept(subsampling: int, options: dict[str, Any]) -> None:
    photo = decoded(saved(leaf(), subsampling=subsampling, **options))
    assert photo.jpeg is not None
    np.testing.assert_array_equal(decoded(photo.jpeg).pixels, photo.pixels)


def _between(data: bytes, at: bytes, more: bytes) -> bytes:
    """`more` right before the last place of `at`."""
    place = data.rindex(at)
    return data[:place] + more + data[place:]


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8))


OTHERS = {
    "is turned by its EXIF": saved(leaf(), exif=exif(6)),
    "has other colours": saved(leaf(), icc_profile=RED_IS_GREEN),
    "is progressive": saved(leaf(), progressive=True),
    "is grey": saved(leaf().convert("L")),
    "is of inks": saved(leaf().convert("CMYK")),
    "is of RGB": saved(leaf(), keep_rgb=True),
    "is called RGB by Adobe": with_segment(0xEE, b"Adobe\0\x64\0\0\0\0\0"),
    "is larger than a new one": saved(noise(), quality=95),
    "is decoded at half its size": saved(leaf(2000, 1500)),
    "has padding before its end": _between(saved(leaf()), b"\xff\xd9", bytes(40)),
    "has a comment within": _between(saved(leaf()), b"\xff\xd9", b"\xff\xfe\0\x04hi"),
    "has thousands of tables": with_segment(0xDB, (b"\0" + bytes(range(1, 65))) * 70),
    "has a segment that it does not need": with_segment(0xCC, b"\x00\x10"),
    "is a PNG": b"",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_not_plain_is_encoded_anew(kind: str) -> None:
    data = OTHERS[kind]
    if not data:
        stream = io.BytesIO()
        leaf().save(stream, "PNG")
        data = stream.getvalue()
    assert decoded(data).jpeg is None
