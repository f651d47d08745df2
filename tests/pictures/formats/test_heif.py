"""HEIC pictures of tiles, as phones write them."""

import numpy as np
import pytest
from PIL import Image

from pictures.decoding.decode import decode
from pictures.decoding.decoder_pool import DecoderPool
from pictures.decoding.header import read_header
from pictures.errors import TooComplex
from tests.pictures.heic_grids import grid_of


def a_tile(side: int) -> Image.Image:
    """Red above, green below on the left, blue below on the right."""
    quarters = np.array([[(200, 40, 40), (200, 40, 40)], [(40, 200, 40), (40, 40, 200)]], np.uint8)
    return Image.fromarray(np.kron(quarters, np.ones((side // 2, side // 2, 1), np.uint8)))


def test_every_tile_is_in_its_place() -> None:
    tile = a_tile(64)
    photo = decode(grid_of(tile, columns=4, rows=3), min_side=192)
    assert photo.pixels.shape == (192, 256, 3)
    expected = np.tile(np.asarray(tile, int), (3, 4, 1))
    assert np.abs(photo.pixels - expected).mean() < 12
    assert np.median(np.abs(photo.pixels - expected)) <= 4


def test_a_photo_of_a_phone_is_decoded_apart_within_its_bounds() -> None:
    """48 tiles of 512 pixels: 12.6 million pixels."""
    file = grid_of(a_tile(512), columns=8, rows=6)
    header = read_header(file)
    assert (header.width, header.height) == (4096, 3072)
    with DecoderPool() as decoders:
        assert decoders.decode(file, min_side=288).pixels.shape == (308, 410, 3)


def test_a_file_of_a_few_kilobytes_with_thousands_of_tiles_is_refused() -> None:
    file = grid_of(a_tile(64), columns=50, rows=45)
    with pytest.raises(TooComplex, match="2,251 items; the limit is 2,000"):
        read_header(file)
