"""`cropshield evaluate --unknown`, on drawn pictures and models of noise."""

import json
from pathlib import Path

import pytest

from cli.errors import USAGE, CommandError
from models.cards.card import Card, read_card
from pictures.drawn_leaves.leaves import draw_leaf
from tests.cli.conftest import run


@pytest.fixture
def cherries(tmp_path: Path) -> Path:
    """Four photos in folders that are no classes, and a file that is no photo by its name."""
    folder = tmp_path / "other-crops"
    for seed in range(4):
        (where := folder / f"Cherry {seed % 2}").mkdir(parents=True, exist_ok=True)
        draw_leaf("blight", seed=seed, size=(160, 120)).photo.save(where / f"{seed}.jpg")
    (folder / "sources.csv").write_text("file\n")
    return folder


def test_the_verdicts_are_counted_and_recorded(
    cards: list[Card], cherries: Path, tmp_path: Path
) -> None:
    file = tmp_path / "found.json"
    said = run("evaluate", "one", "--unknown", cherries, "--json", file, "--record", "others")
    assert said.exit_code == 0
    words = " ".join(said.output.split())
    assert "one on 4 photos" in words
    assert "sources.csv" not in words
    assert "1 file is no photo by its name" in words
    found = json.loads(file.read_text())
    verdicts = [answer["verdict"] for answer in found["answers"].values()]
    assert len(verdicts) == 4
    shares = {name: found[name] for name in ("confident", "low_margin", "unknown", "not_a_leaf")}
    assert shares == {name: verdicts.count(name) / 4 for name in shares}
    assert {answer["class"] for answer in found["answers"].values()} <= set(cards[0].class_names)
    assert read_card(cards[0].path).metrics["others"] == {**shares, "photos": 4}


def test_a_confident_answer_tells_what_the_photo_was_taken_for(
    cards: list[Card], cherries: Path
) -> None:
    """Without a [doubt] table, a lead of more than 0.2 is confident."""
    found = json.loads(run("evaluate", "one", "--unknown", cherries, "--json", "-").stdout)
    said = " ".join(run("evaluate", "one", "--unknown", cherries).output.split())
    sure = {one["class"] for one in found["answers"].values() if one["verdict"] == "confident"}
    for name in cards[0].class_names:
        assert (f"{name} " in said) == (name in sure)
    if not sure:
        assert "none is taken for one of its classes confidently" in said


def test_photos_that_cannot_be_read_are_named(cards: list[Card], cherries: Path) -> None:
    (cherries / "Cherry 0" / "0.jpg").write_bytes(b"text")
    said = run("evaluate", "one", "--unknown", cherries, "--json", "-")
    assert said.exit_code == 1
    found = json.loads(said.stdout)
    assert found["photos"] == 3
    assert [Path(row["path"]).name for row in found["failed"]] == ["0.jpg"]
    assert "0.jpg" in said.stderr
    for photo in cherries.rglob("*.jpg"):
        photo.write_bytes(b"text")
    with pytest.raises(CommandError, match=f"no photo can be read in {cherries}"):
        run("evaluate", "one", "--unknown", cherries)


@pytest.mark.parametrize("more", [["--data", "x"], ["--lesions", "x"], ["--shortcuts"]])
def test_what_does_not_go_with_it_is_refused(
    cards: list[Card], cherries: Path, more: list[str]
) -> None:
    with pytest.raises(CommandError, match="--unknown") as wrong:
        run("evaluate", "one", "--unknown", cherries, *more)
    assert wrong.value.code == USAGE
