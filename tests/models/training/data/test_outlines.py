"""Outlined lesions: each belongs to one photo, and says where on it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.card_errors import CardError
from models.training.data.data_folders import open_data_folders
from models.training.data.outlines import find_outlines, read_lesions
from tests.models.training.leaves import SIDE, draw_folder, draw_outline, drawn


def test_an_outline_belongs_to_the_photo_of_its_name(tmp_path: Path) -> None:
    table = draw_folder(tmp_path / "table", ["healthy", "blight"], range(3))
    orchard = draw_folder(tmp_path / "orchard", ["blight"], range(3))
    made = draw_outline(tmp_path / "outlines", orchard, "blight", 1)
    folders = open_data_folders([table, orchard])
    photo = str(orchard / "train/Drawn__blight/orchard1.jpg")
    assert find_outlines(tmp_path / "outlines", folders) == [{}, {photo: made}]
    assert find_outlines(None, folders) == [{}, {}]
    lesions = read_lesions(made, (SIDE, SIDE))
    assert np.array_equal(lesions, drawn("blight", 1).lesions)


def test_an_outline_without_a_photo_or_with_two_is_named(tmp_path: Path) -> None:
    table = draw_folder(tmp_path / "table", ["blight"], range(2))
    made = draw_outline(tmp_path / "outlines", table, "blight", 0)
    twin = tmp_path / "twin/train/Drawn__blight"
    twin.mkdir(parents=True)
    (tmp_path / "twin/val").symlink_to(table / "val")
    (twin / "table0.png").write_bytes((table / "train/Drawn__blight/table0.jpg").read_bytes())
    folders = open_data_folders([table, tmp_path / "twin"])
    with pytest.raises(CardError, match=r"table0\.png belongs to several photos, .* and "):
        find_outlines(tmp_path / "outlines", folders)
    made.rename(made.with_name("nobody.png"))
    with pytest.raises(CardError, match=r"nobody\.png belongs to no photo"):
        find_outlines(tmp_path / "outlines", folders)


def test_a_folder_without_outlines_is_no_folder_of_outlines(tmp_path: Path) -> None:
    folders = open_data_folders([draw_folder(tmp_path / "table", ["blight"], range(1))])
    with pytest.raises(FileNotFoundError, match=r"no outlines: looked for train/Crop__disease"):
        find_outlines(tmp_path / "table", folders)


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (np.zeros((8, 9), np.uint8), "is 9 x 8 pixels, but its photo 8 x 8"),
        (np.full((8, 8), 255, np.uint8), "values up to 255; needed is one byte a pixel: 0, 1 or 2"),
        (np.zeros((8, 8, 3), np.uint8), "pixels of mode RGB; needed is"),
        (None, "cannot be read"),
    ],
)
def test_a_mask_that_is_none_is_named(mask: np.ndarray | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n broken")
    if mask is not None:
        Image.fromarray(mask).save(path)
    with pytest.raises(CardError, match=f"mask.png {said}|mask.png has {said}"):
        read_lesions(path, (8, 8))
