"""The line of a card that is wrong."""

from pathlib import Path

import pytest

from models.card_errors import InvalidCard, did_you_mean, line_of

TEXT = """# a card
id = "x"
attribution = [
    "Somebody, at = home",
]

[preprocessing]
size = 224

[training]
stages = [{ size = 64 }]
metrics.test.accuracy = 1
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("id", 2),
        ("attribution", 3),
        ("preprocessing", 7),
        ("preprocessing.size", 8),
        ("preprocessing.mean", 7),
        ("training.stages.0.size", 11),
        ("training.metrics.test.accuracy", 12),
        ("title", None),
        ("size", None),
    ],
)
def test_a_key_is_found_or_else_the_table_that_it_belongs_to(key: str, line: int | None) -> None:
    assert line_of(TEXT, key) == line


def test_an_error_names_file_line_and_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.toml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    error = InvalidCard(tmp_path / "x.toml", ("id", "bad"), ("title", "is missing"), ("", "odd"))
    assert str(error).splitlines() == [
        "x.toml, line 2: id: bad",
        "x.toml: title: is missing",
        "x.toml: odd",
    ]


def test_only_what_is_alike_is_suggested() -> None:
    assert did_you_mean("blok4", ["block3", "block4"]) == '; did you mean "block4"?'
    assert did_you_mean("xyz", ["block3", "block4"]) == ""
