"""models/training/data/leaf_folder.py: which folders are classes, and what of each photo."""

import os
import shutil
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.photos.decode import decode
from models.card_errors import CardError
from models.training.data.leaf_folder import LeafFolder
from models.training.data.photos import stretched


@pytest.fixture
def val(drawn_leaves: Path, tmp_path: Path) -> Path:
    return shutil.copytree(drawn_leaves / "val", tmp_path / "val")


def copy(photo: Path, *to: str) -> None:
    target = photo.parents[1].joinpath(*to)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(photo, target)


def test_only_folders_with_photos_are_classes(val: Path) -> None:
    photo = val / "Drawn__blight/20.jpg"
    for folder in (".ipynb_checkpoints", "__MACOSX", "@eaDir"):
        copy(photo, folder, "20.jpg")
    copy(photo, "Drawn__blight", ".ipynb_checkpoints", "20-checkpoint.jpg")
    (val / "Drawn__rust").mkdir()
    (val / "Drawn__healthy/Thumbs.db").touch()
    copy(photo, "loose.jpg")
    found = LeafFolder(val)
    assert found.classes == ["Drawn__blight", "Drawn__healthy"]
    assert len(found) == 8
    assert [note.removeprefix(f"{val}: ") for note in found.notes] == [
        "no photos in Drawn__rust",
        "photos that lie in no folder of a class were passed over: 1",
        "1 file is no photo by its name and was passed over: .db (1)",
    ]


def test_classes_without_photos_are_known(val: Path) -> None:
    known = ["Drawn__blight", "Drawn__healthy", "Drawn__rust"]
    assert LeafFolder(val, known).absent == ["Drawn__rust"]


def test_a_folder_of_decomposed_letters_is_the_class(val: Path) -> None:
    name = "Th\u00e9__rouill\u00e9"
    (val / "Drawn__blight").rename(val / unicodedata.normalize("NFD", name))
    assert LeafFolder(val, ["Drawn__healthy", name]).labels.tolist() == [0] * 4 + [1] * 4


def test_a_folder_that_is_not_utf_8_can_be_no_class(val: Path) -> None:
    (val / "Drawn__blight").rename(val / os.fsdecode(b"Th\xe9"))
    with pytest.raises(CardError, match=r"name of .*/Th\\xe9 is not UTF-8"):
        LeafFolder(val)


def test_where_no_photos_are_that_is_said(val: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        LeafFolder(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"4 photos of .* lie in no folder of a class"):
        LeafFolder(val / "Drawn__blight")
    (tmp_path / "empty/Drawn__blight").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="there are no photos in folders of"):
        LeafFolder(tmp_path / "empty")


@pytest.fixture
def leaf(drawn_leaves: Path) -> Image.Image:
    with Image.open(drawn_leaves / "val/Drawn__blight/20.jpg") as photo:
        return photo.convert("RGB").crop((0, 0, 96, 64)).resize((192, 128))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_that_is_turned_by_exif_is_trained_on_upright(
    leaf: Image.Image, tmp_path: Path, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    leaf.save(tmp_path / "leaf.jpg", exif=exif, quality=95)
    assert_as_served(tmp_path / "leaf.jpg")


@pytest.mark.parametrize(
    "name", ["leaf.heic", "leaf.avif", "leaf.png", "leaf.webp", "leaf.tif", "leaf.jfif"]
)
def test_every_format_is_trained_on(leaf: Image.Image, tmp_path: Path, name: str) -> None:
    leaf.save(tmp_path / name, "JPEG" if name.endswith("jfif") else None)
    assert_as_served(tmp_path / name)


def test_transparency_is_white_and_16_bit_is_not(leaf: Image.Image, tmp_path: Path) -> None:
    clear = leaf.convert("RGBA")
    clear.putalpha(0)
    clear.save(tmp_path / "clear.png")
    assert stretched(str(tmp_path / "clear.png"), 48).min() == 255
    grey = np.asarray(leaf.convert("L"), np.uint16) * 257
    Image.fromarray(grey).save(tmp_path / "deep.png")
    assert_as_served(tmp_path / "deep.png")
    assert 40 < stretched(str(tmp_path / "deep.png"), 48).mean() < 220


def assert_as_served(photo: Path) -> None:
    served = Image.fromarray(decode(photo.read_bytes(), 48).pixels)
    expected = np.asarray(served.resize((48, 48), Image.Resampling.BILINEAR), np.int16)
    difference = np.abs(stretched(str(photo), 48).astype(np.int16) - expected)
    assert difference.mean() < 2


@pytest.mark.parametrize("side", [24, 1280])
def test_photos_may_be_smaller_and_larger_than_any_input(
    leaf: Image.Image, tmp_path: Path, side: int
) -> None:
    """A stage of training shows parts of photos that are a quarter larger than it."""
    leaf.save(tmp_path / "leaf.png")
    assert stretched(str(tmp_path / "leaf.png"), side).shape == (side, side, 3)
