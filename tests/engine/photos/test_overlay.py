"""engine/photos/overlay.py: colours, blends and files."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from engine.photos.overlay import (
    blend_map,
    colormap_name,
    colour_map,
    encode,
    get_colormap_options,
    render_overlay,
)
from pictures.rendering.colormaps import COLORMAPS, UnknownColormap, colormap

PHOTO = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
MAP = np.random.default_rng(1).random((14, 14), dtype=np.float32)


def test_options_are_the_names_and_opencvs_constants() -> None:
    options = get_colormap_options()
    assert tuple(options) == COLORMAPS
    assert options["jet"] == cv2.COLORMAP_JET
    assert options["bone"] == cv2.COLORMAP_BONE


@pytest.mark.parametrize("name", COLORMAPS)
def test_a_constant_and_its_name_give_the_same_colours(name: str) -> None:
    code = get_colormap_options()[name]
    np.testing.assert_array_equal(blend_map(PHOTO, MAP, code), blend_map(PHOTO, MAP, name))


def test_the_blend_is_what_opencv_makes_of_the_upsampled_map() -> None:
    large = cv2.resize(MAP, (60, 40), interpolation=cv2.INTER_LINEAR)
    rows = np.rint(large * 255).astype(np.uint8)
    expected = 0.3 * colormap("hot")[rows] + 0.7 * PHOTO
    assert np.abs(blend_map(PHOTO, MAP, "hot", 0.3) - expected).max() <= 0.51


def test_colours_are_in_rgb_order() -> None:
    hot = colour_map(np.ones((2, 2), np.float32), "jet", 4, 4)[0, 0]
    assert hot.tolist() == colormap("jet")[255].tolist() == [128, 0, 0]


def test_overlays_shrink_to_the_long_side_and_never_grow() -> None:
    assert render_overlay(PHOTO, MAP, long_side=30).shape == (20, 30, 3)
    assert render_overlay(PHOTO, MAP, long_side=1024).shape == (40, 60, 3)


@pytest.mark.parametrize("option", ["sepia", 999])
def test_an_unknown_colormap_is_named(option: int | str) -> None:
    with pytest.raises(UnknownColormap, match=f"{option!r}; known are jet"):
        colormap_name(option)


def test_wrong_photos_and_alphas_are_named() -> None:
    with pytest.raises(ValueError, match="alpha is 7; it must be between 0 and 1"):
        blend_map(PHOTO, MAP, alpha=7)
    with pytest.raises(ValueError, match=r"photo is uint8 \(40, 60\)"):
        blend_map(PHOTO[..., 0], MAP)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_a_picture_comes_back_from_its_file(kind: str) -> None:
    smooth = cv2.GaussianBlur(PHOTO, (0, 0), 5)
    data = encode(np.asarray(smooth), kind)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == kind.upper()
        back = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(back - smooth).mean() < (0.01 if kind == "png" else 4)


def test_an_unknown_picture_format_is_named() -> None:
    with pytest.raises(ValueError, match="'gif'; known are jpeg, png, webp"):
        encode(PHOTO, "gif")
