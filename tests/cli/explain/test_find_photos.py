"""Which photos a command line means."""

import io
import os
import sys
from pathlib import Path

import pytest

from cli.errors import USAGE, CommandError
from cli.explain.find_photos import find_photos

OUT = Path("out")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a/one.jpg", "a/deep/two.PNG", "a/notes.txt", "a/.trash/old.jpg", "b/one.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _names(*given: str) -> list[str]:
    return [photo.name.as_posix() for photo in find_photos(given, OUT).photos]


def test_a_folder_means_the_photos_below_it_but_for_hidden_ones() -> None:
    assert _names("a") == ["deep/two.PNG", "one.jpg"]


def test_links_to_folders_are_followed_once(here: Path) -> None:
    (here / "all").mkdir()
    (here / "all/farm").symlink_to(here / "a")
    (here / "a/deep/around").symlink_to(here / "a")
    assert _names("all") == ["farm/deep/two.PNG", "farm/one.jpg"]


def test_a_file_is_taken_whatever_it_is_called() -> None:
    assert _names("a/notes.txt") == ["notes.txt"]


def test_a_quoted_glob_is_expanded() -> None:
    assert _names("*/one.*") == ["one.jpg", "one.jpg"]


def test_each_photo_counts_once() -> None:
    assert _names("a/one.jpg", "a", "./a/one.jpg") == ["one.jpg", "deep/two.PNG"]


@pytest.mark.parametrize("listed", ["b/one.jpg\ngone.jpg\n", "b/one.jpg\0gone.jpg\0"])
def test_a_list_on_stdin_may_name_files_that_are_gone(
    listed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, listed.encode())
    assert _names("-") == ["one.jpg", "gone.jpg"]


def give(monkeypatch: pytest.MonkeyPatch, listed: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(listed), "utf-8"))


def test_a_list_may_hold_names_that_are_not_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, b"b/leaf-\xe9.jpg\0")
    assert [os.fsencode(name) for name in _names("-")] == [b"leaf-\xe9.jpg"]


def test_a_photo_keeps_its_own_name_beside_links_to_it(here: Path) -> None:
    (here / "0.jpg").symlink_to(here / "b/one.jpg")
    assert _names("*.jpg", "b") == ["one.jpg"]
    (here / "aaa").symlink_to(here / "b")
    assert _names("aaa", "b") == ["one.jpg"]
    found = find_photos(["0.jpg", "aaa", "b"], OUT).photos
    assert [photo.path for photo in found] == [here / "b/one.jpg"]


def test_what_is_no_photo_by_its_name_is_told(here: Path) -> None:
    (here / "a/one.gif").touch()
    (here / "a/report.html").touch()
    assert [path.name for path in find_photos(["a"], OUT).others] == [
        "notes.txt",
        "one.gif",
        "report.html",
    ]
    assert find_photos(["a"], here / "a").others == []
    (here / "none").mkdir()
    (here / "none/x.gif").touch()
    with pytest.raises(CommandError, match=r"1 file is no photo by its name .*: \.gif \(1\)"):
        find_photos(["none"], OUT)


def test_what_a_run_has_written_is_not_explained_by_the_next(here: Path) -> None:
    (here / "a/overlays-2").mkdir()
    (here / "a/overlays-2/one.jpg").touch()
    (here / "a/contact-sheet.jpg").touch()
    assert len(find_photos(["a"], here / "a").photos) == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [("c", "no file, folder or match of 'c'"), ("empty", "no photos in empty")],
)
def test_nothing_there_is_wrong_usage(here: Path, given: str, message: str) -> None:
    (here / "empty").mkdir()
    with pytest.raises(CommandError, match=message) as error:
        find_photos([given], OUT)
    assert error.value.code == USAGE
