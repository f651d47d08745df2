"""pictures/rendering/blend.py: overlays without OpenCV, close to those with it."""

import numpy as np
import pytest

from engine.photos.overlay import render_overlay
from pictures.maps import WHOLE
from pictures.rendering.blend import blend, colourise, fit, levels, upsample
from pictures.rendering.colormaps import COLORMAPS, UnknownColormap, colormap

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (61, 97, 3), dtype=np.uint8)
MAP = RNG.random((7, 7), dtype=np.float32)


@pytest.mark.parametrize("name", COLORMAPS)
def test_an_overlay_is_the_one_that_the_engine_renders(name: str) -> None:
    ours = blend(PHOTO, MAP, name, 0.4).astype(int)
    theirs = render_overlay(PHOTO, MAP, name, 0.4).astype(int)
    # The maps differ by float rounding, by one row of the colour table at the most.
    assert np.abs(ours - theirs).max() <= 5
    assert np.abs(ours - theirs).mean() < 0.6


def test_shrunken_overlays_agree_on_a_smooth_photo() -> None:
    ramp = np.linspace(0, 255, 800).astype(np.uint8)
    photo = np.broadcast_to(ramp[None, :, None], (600, 800, 3)).copy()
    ours = blend(photo, MAP, "jet", 0.5, fit(800, 600, 256))
    theirs = render_overlay(photo, MAP, "jet", 0.5, 256)
    assert ours.shape == theirs.shape == (192, 256, 3)
    assert np.abs(ours.astype(int) - theirs).max() <= 5


def test_alpha_goes_from_the_photo_to_the_colours() -> None:
    np.testing.assert_array_equal(blend(PHOTO, MAP, alpha=0.0), PHOTO)
    np.testing.assert_array_equal(blend(PHOTO, MAP, alpha=1.0), colourise(upsample(MAP, 97, 61)))


@pytest.mark.parametrize("alpha", [-0.1, 1.1, 7.0, float("nan")])
def test_a_wrong_alpha_is_named(alpha: float) -> None:
    with pytest.raises(ValueError, match=f"alpha is {alpha}; it must be between 0 and 1"):
        blend(PHOTO, MAP, alpha=alpha)


def test_an_unknown_colormap_is_refused() -> None:
    with pytest.raises(UnknownColormap):
        blend(PHOTO, MAP, "sepia")


def test_a_map_is_upsampled_before_it_is_coloured() -> None:
    # Between 0 and 1 lies the middle of the table, not the mean of its two ends.
    line = np.array([[0.0, 1.0]], np.float32)
    middle = colourise(upsample(line, 257, 1))[0, 128]
    assert np.abs(middle.astype(int) - colormap("jet")[128]).max() <= 4


def test_a_map_upsampled_in_parts_is_the_whole() -> None:
    whole = upsample(MAP, 40, 1000)
    parts = [upsample(MAP, 40, 1000, WHOLE, top, top + 125) for top in range(0, 1000, 125)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)


def test_a_tall_overlay_has_no_seams() -> None:
    grey = np.full((1300, 20, 3), 128, np.uint8)
    ramp = np.linspace(0, 1, 14, dtype=np.float32)[:, None]
    steps = np.diff(blend(grey, ramp, "bone", 1.0)[:, 0, 0].astype(int))
    assert steps.min() >= 0
    assert steps.max() <= 2


def test_an_overlay_can_be_larger_than_its_photo() -> None:
    assert blend(PHOTO, MAP, size=(194, 122)).shape == (122, 194, 3)


def test_the_photo_is_left_as_it_is() -> None:
    before = PHOTO.copy()
    blend(PHOTO, MAP)
    np.testing.assert_array_equal(PHOTO, before)


def test_levels_clip_what_lies_outside() -> None:
    found = levels(np.array([[-1.0, 0.0, 0.5, 1.0, 2.0]], np.float32))
    assert found.tolist() == [[0, 0, 128, 255, 255]]


@pytest.mark.parametrize(
    ("size", "long_side", "expected"),
    [((4000, 3000), 1024, (1024, 768)), ((500, 400), 1024, (500, 400)), ((9000, 2), 100, (100, 1))],
)
def test_fit_keeps_the_shape_and_never_enlarges(
    size: tuple[int, int], long_side: int, expected: tuple[int, int]
) -> None:
    assert fit(*size, long_side) == expected
