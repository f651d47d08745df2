"""engine/photos/decode.py: pictures in memory, and files by way of `pictures.decoding.decode`."""

import io

import numpy as np
import pytest

from engine.photos.decode import decode, to_pixels
from tests.pictures.files import file_of, scene


def test_a_photo_has_twice_as_many_pixels_as_are_asked_for() -> None:
    photo = decode(file_of(scene(1600, 1200), "JPEG"), min_side=150)
    assert photo.pixels.shape == (300, 400, 3)
    assert (photo.width, photo.height) == (1600, 1200)


def test_pictures_in_memory_become_pixels() -> None:
    pixels = np.asarray(scene())
    np.testing.assert_array_equal(to_pixels(scene()), pixels)
    np.testing.assert_array_equal(to_pixels(pixels), pixels)
    np.testing.assert_array_equal(to_pixels(pixels / 255.0), pixels)
    np.testing.assert_array_equal(to_pixels(pixels.mean(2).astype(np.uint8)).shape, pixels.shape)
    with pytest.raises(ValueError, match="BytesIO"):
        to_pixels(io.BytesIO())
