"""Pictures as files and back, with Pillow alone."""

import io

import numpy as np
import pytest
from PIL import Image

from pictures.rendering.encoding import (
    LONGEST_SIDE,
    encode,
    encode_grey,
    picture_size,
    read_picture,
)

RAMP = np.tile(np.linspace(0, 255, 400).astype(np.uint8)[None, :, None], (300, 1, 3))


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_a_picture_survives_its_file(kind: str) -> None:
    data = encode(RAMP, kind)
    assert picture_size(data) == (400, 300)
    assert np.abs(read_picture(data).astype(int) - RAMP).mean() < 2
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == kind.upper()
        assert not picture.getexif()


def test_greys_are_exact() -> None:
    grey = np.arange(196, dtype=np.uint8).reshape(14, 14)
    data = encode_grey(grey)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), grey)


def test_no_more_of_a_jpeg_is_decoded_than_is_needed_and_no_less() -> None:
    data = encode(RAMP, "jpeg")
    assert read_picture(data, (100, 75)).shape == (75, 100, 3)
    assert read_picture(data, (110, 75)).shape == (150, 200, 3)
    assert read_picture(data, (5000, 5000)).shape == RAMP.shape


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_the_longest_side_is_the_formats_own(kind: str) -> None:
    line = np.zeros((1, LONGEST_SIDE[kind], 3), np.uint8)
    assert picture_size(encode(line, kind)) == (LONGEST_SIDE[kind], 1)
    with pytest.raises((OSError, ValueError)):
        encode(np.zeros((1, LONGEST_SIDE[kind] + 36, 3), np.uint8), kind)
