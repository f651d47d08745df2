"""A photo that is made smaller shows what the server would have seen, or travels as it is."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cropshield_client.shrink import shrunk
from engine.photos.decode import decode
from tests.pictures.files import file_of, scene
from tests.pictures.odd_files import BACK, DAMAGED, KINDS, SIZE, SURE, UNSURE, leaf, oriented
from tests.pictures.profiles import RED_IS_GREEN, cyan_is_black, linear_grey

LONG_SIDE = 160
Pixels = Any


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


@pytest.mark.parametrize("orientation", BACK)
@pytest.mark.parametrize("kind", KINDS)
def test_a_photo_of_every_format_is_upright(kind: str, orientation: int) -> None:
    found = small(oriented(kind, orientation))
    assert_alike(found, np.asarray(leaf().resize((160, 107), Image.Resampling.LANCZOS), int))


@pytest.mark.parametrize("name", SURE)
def test_a_small_photo_shows_what_the_server_would_have_seen(name: str) -> None:
    data = SURE[name]()
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


@pytest.mark.parametrize("name", DAMAGED)
def test_what_looks_damaged_is_left_to_the_server(name: str) -> None:
    data = DAMAGED[name]()
    assert shrunk(data, LONG_SIDE) == data


@pytest.mark.parametrize("name", UNSURE)
def test_what_cannot_be_converted_for_sure_is_left_to_the_server(name: str) -> None:
    data = UNSURE[name]()
    assert shrunk(data, LONG_SIDE) == data
