"""models/cards/class_list.py: every form is read as it is meant, or refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.cards.class_list import read_class_names

NAMES = ("Tea__healthy", "Tea__blister_blight", "Thé__rouille")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "classes.json"


@pytest.mark.parametrize(
    "content",
    [
        {name: index for index, name in enumerate(NAMES)},
        {str(index): name for index, name in enumerate(NAMES)},
        {"1": NAMES[1], "0": NAMES[0], "2": NAMES[2]},
        list(NAMES),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_each_form_gives_the_names_by_index(file: Path, content: Any, encoding: str) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False), encoding)
    assert read_class_names(file) == NAMES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_lines_are_names(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "classes.txt").write_text("\n".join(NAMES) + "\n\n", encoding)
    assert read_class_names(tmp_path / "classes.txt") == NAMES


def test_composed_and_decomposed_letters_are_one(file: Path) -> None:
    file.write_text(json.dumps(["The\u0301__rouille", "b"]))
    assert read_class_names(file)[0] == "Th\u00e9__rouille"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"a": 1, "b": 2}', "must number its classes 0 to 1; it numbers them 1 to 2"),
        ('{"a": 0, "b": 2}', "must number its classes 0 to 1; it numbers them 0 to 2"),
        ('{"a": 0, "b": 0}', "must number its classes 0 to 1; it numbers them 0 to 0"),
        ('{"a": -1, "b": 0}', "must number its classes 0 to 1; it numbers them -1 to 0"),
        ('{"a": false, "b": true}', "gives 'a' the number false"),
        ('{"a": 0.0, "b": 1.0}', "gives 'a' the number 0.0"),
        ('{"a": "0", "b": "1"}', "gives 'a' the number \"0\""),
        ('{"1": "a", "2": "b"}', "must number its classes 0 to 1; it numbers them 1 to 2"),
        ('{"0": "a", "00": "b"}', "each once"),
        ('{"0": "a", "1": "a"}', "has the name 'a' twice"),
        ('{"a": 0, "a": 1}', "has 'a' twice"),
        ('["a", "a"]', "has the name 'a' twice"),
        ('["a", ""]', "has '' as a name"),
        ('["a", 1]', "neither an object of numbers nor a list of names"),
        ("[]", "has no names"),
        ("{}", "each once"),
        ("3", "neither an object of numbers nor a list of names"),
        ('{"a": 0', "is not JSON"),
        ("version https://git-lfs.github.com/spec/v1", "is a Git LFS pointer"),
        ("", r"is empty \(0 bytes\)"),
    ],
)
def test_what_could_mean_anything_else_is_refused(file: Path, content: str, said: str) -> None:
    file.write_text(content)
    with pytest.raises(ValueError, match=rf"class list .*classes\.json .*{said}"):
        read_class_names(file)


def test_lines_with_numbers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("0 Tea__healthy\n1 Tea__rust\n")
    with pytest.raises(ValueError, match=r"a number before each name \('0 Tea__healthy'\)"):
        read_class_names(tmp_path / "classes.txt")


def test_another_encoding_is_named_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_bytes("Thé\nb".encode("latin-1"))
    with pytest.raises(ValueError, match="is not UTF-8: byte 0xe9 at 2"):
        read_class_names(tmp_path / "classes.txt")
