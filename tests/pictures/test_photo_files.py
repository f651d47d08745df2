"""pictures/photo_files.py: what is a photo, and under which name."""

import os
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from pictures.decoding.header import FORMATS
from pictures.photo_files import SUFFIXES, passed_over, photo_files, printable


def make(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def names(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in photo_files(root).paths]


def test_the_suffixes_are_those_of_the_formats_that_are_decoded() -> None:
    pillow_heif.register_heif_opener()
    known = Image.registered_extensions()
    assert {name for name, kind in known.items() if kind in {*FORMATS, "MPO"}} == SUFFIXES


def test_photos_of_every_suffix_are_found_and_the_rest_is_counted(tmp_path: Path) -> None:
    make(
        tmp_path, "a.JPG", "b.jfif", "c.jpe", "x/d.hif", "e.avif", "f.gif", "x/g.txt", "h.txt", "i"
    )
    assert names(tmp_path) == ["a.JPG", "b.jfif", "c.jpe", "e.avif", "x/d.hif"]
    said = passed_over(photo_files(tmp_path).others)
    assert said.startswith("4 files are no photos by their names and were passed over: .txt (2), ")
    assert said.count("(1)") == 2
    assert "no suffix" in said
    assert passed_over(photo_files(tmp_path / "x").others).startswith("1 file is no photo")


def test_what_editors_and_systems_leave_is_passed_over(tmp_path: Path) -> None:
    hidden = (".ipynb_checkpoints/a.jpg", "__MACOSX/._b.jpg", "x/@eaDir/c.jpg", "._d.jpg")
    make(tmp_path, *hidden, "x/leaf.jpg")
    assert names(tmp_path) == ["x/leaf.jpg"]
    assert passed_over(photo_files(tmp_path).others) == ""


def test_a_photo_keeps_its_own_name_beside_links_to_it(tmp_path: Path) -> None:
    make(tmp_path, "zoo/leaf.jpg", "z.jpg")
    (tmp_path / "a.jpg").symlink_to("z.jpg")
    (tmp_path / "farm").symlink_to("zoo")
    (tmp_path / "zoo/again").symlink_to("..")
    assert names(tmp_path) == ["z.jpg", "zoo/leaf.jpg"]


def test_a_link_to_elsewhere_is_followed(tmp_path: Path) -> None:
    make(tmp_path, "raw/leaf.jpg", "here/other.jpg")
    (tmp_path / "here/one.jpg").symlink_to("../raw/leaf.jpg")
    (tmp_path / "here/more").symlink_to("../raw")
    assert names(tmp_path / "here") == ["more/leaf.jpg", "other.jpg"] or names(
        tmp_path / "here"
    ) == ["one.jpg", "other.jpg"]


def test_a_link_without_a_target_is_not_lost_in_silence(tmp_path: Path) -> None:
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    assert names(tmp_path) == ["gone.jpg"]


def test_what_would_block_when_read_is_no_photo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert names(tmp_path) == []


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        photo_files(tmp_path / "nowhere")


def test_a_name_that_is_not_utf_8_can_be_printed() -> None:
    assert printable(os.fsdecode(b"leaf-\xe9.jpg")) == "leaf-\\xe9.jpg"
    assert printable("Blätter/é.jpg") == "Blätter/é.jpg"
    assert printable("\ud800") == "\\ud800"
