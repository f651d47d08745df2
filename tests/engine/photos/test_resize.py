"""engine/photos/resize.py: photos at other sizes."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from engine.photos import resize
from engine.photos.resize import halved, resize_photo, stretch
from pictures.pixels import Pixels


def stripes(width: int, height: int) -> Pixels:
    """Black and white by turns, a pixel wide."""
    row = np.arange(width) % 2 * 255
    return np.broadcast_to(row[None, :, None], (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("size", [(1280, 720), (851, 1513), (240, 240), (100, 90), (5, 700)])
def test_a_photo_is_stretched_as_pillow_stretches_it(size: tuple[int, int]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    theirs = Image.fromarray(photo).resize((288, 288), Image.Resampling.BILINEAR)
    moved = np.abs(stretch(photo, 288).astype(int) - np.asarray(theirs))
    assert moved.max() <= 1
    assert moved.mean() < 0.01


def test_without_the_simd_library_pillow_stretches_nearly_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (300, 500, 3), dtype=np.uint8)
    quick = stretch(photo, 64).astype(int)
    monkeypatch.setattr(resize, "simd", None)
    assert np.abs(stretch(photo, 64) - quick).mean() < 0.01


def test_a_part_of_a_photo_is_stretched_too() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (300, 500, 3), dtype=np.uint8)
    part = photo[10:200, 30:400]
    np.testing.assert_array_equal(stretch(part, 64), stretch(part.copy(), 64))


def test_a_square_of_that_size_stays_as_it_is() -> None:
    photo = stripes(64, 64)
    assert stretch(photo, 64) is photo
    assert resize_photo(photo, 64, 64) is photo


def test_fine_stripes_become_grey_and_no_coarser_ones() -> None:
    made = resize_photo(stripes(2048, 1536), 1000, 750)
    assert made[:, 2:-2].min() >= 126
    assert made[:, 2:-2].max() <= 129


def test_no_side_is_halved_below_what_is_needed() -> None:
    assert halved(stripes(1280, 720), 288, 288).shape == (360, 640, 3)
    assert halved(stripes(5120, 720), 288, 288).shape == (360, 2560, 3)
    assert halved(stripes(1281, 721), 288, 288).shape == (360, 640, 3)
    assert halved(stripes(500, 500), 288, 288).shape == (500, 500, 3)


def test_resized_photos_have_the_size_that_is_asked_for() -> None:
    for width, height in ((1024, 576), (500, 300), (1500, 1000)):
        assert resize_photo(stripes(1280, 720), width, height).shape == (height, width, 3)


def test_who_draws_several_photos_at_once_has_no_threads_beside_its_own() -> None:
    program = """
from engine.photos.overlay import render_overlay
from engine.photos.resize import use_calling_thread
import cv2, threadpoolctl
use_calling_thread()
print(cv2.getNumThreads(), *(one["num_threads"] for one in threadpoolctl.threadpool_info()))
"""
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
    assert len(said.split()) >= 2  # OpenCV's own, and at least the BLAS of NumPy
    assert set(said.split()) == {b"1"}
