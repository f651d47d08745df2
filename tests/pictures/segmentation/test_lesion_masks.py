"""Masks of lesions: which files are any, and what is said of the others."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pictures.errors import WrongMask
from pictures.segmentation.lesion_masks import read_lesion_mask

VALUES = np.array([[0, 1, 2], [2, 1, 0]], np.uint8)


@pytest.mark.parametrize("mode", ["L", "P"])
def test_grey_levels_and_places_in_a_palette_are_values(mode: str, tmp_path: Path) -> None:
    mask = Image.fromarray(VALUES)
    if mode == "P":
        mask.putpalette([0, 0, 0, 0, 200, 0, 200, 0, 0])
    mask.save(tmp_path / "mask.png")
    assert np.array_equal(read_lesion_mask(tmp_path / "mask.png", (3, 2)), VALUES)


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (Image.fromarray(VALUES.T.copy()), "is 2 x 3 pixels, but its photo 3 x 2"),
        (
            Image.new("L", (3, 2), 255),
            "has values up to 255; needed is one byte a pixel: 0, 1 or 2",
        ),
        (Image.new("RGB", (3, 2)), "has pixels of mode RGB; needed is"),
    ],
)
def test_what_is_wrong_with_a_mask_is_said(mask: Image.Image, said: str, tmp_path: Path) -> None:
    mask.save(tmp_path / "odd.png")
    with pytest.raises(WrongMask, match=rf"odd\.png {said}"):
        read_lesion_mask(tmp_path / "odd.png", (3, 2))


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "odd.png"
    Image.fromarray(VALUES).save(path)
    for content in (path.read_bytes()[:45], b"", b"text"):
        path.write_bytes(content)
        with pytest.raises(WrongMask, match=r"odd\.png cannot be read"):
            read_lesion_mask(path, (3, 2))
