"""`cropshield evaluate` and `cropshield compare`, on drawn leaves and a model of noise."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from cli.errors import CommandError
from models.cards.card import Card, file_sha256, read_card
from tests.cli.conftest import run


def test_figures_are_printed_written_drawn_and_recorded(
    cards: list[Card], drawn_leaves: Path, tmp_path: Path
) -> None:
    files = tmp_path / "figures.json", tmp_path / "confusion.png"
    where = ["--json", files[0], "--confusion", files[1], "--record", "val", "--shortcuts"]
    said = run("evaluate", "one", "--data", drawn_leaves / "val", *where)
    assert said.exit_code == 0
    assert "one on 8 photos" in said.output.replace("\n", " ")
    found = json.loads(files[0].read_text())
    assert found["weights_sha256"] == file_sha256(cards[0].weights_path)
    assert sum(row["support"] for row in found["classes"]) == found["photos"] == 8
    assert sum(map(sum, found["confusion"])) == 8
    with Image.open(files[1]) as picture:
        assert picture.width > 100
    metrics = read_card(cards[0].path).metrics
    assert metrics["val"]["accuracy"] == pytest.approx(found["accuracy"], abs=1e-4)
    assert metrics["shortcuts"] == found["shortcuts"]
    assert {"original", "recompressed", "heat_on_leaf", "pointing"} <= set(found["shortcuts"])
    assert found["shortcuts"]["original"] == metrics["val"]["accuracy"]


def test_json_alone_is_on_the_terminal_and_the_card_is_left_alone(
    cards: list[Card], drawn_leaves: Path
) -> None:
    before = cards[0].path.read_text()
    said = run("evaluate", "one", "--data", drawn_leaves / "val", "--json", "-")
    assert json.loads(said.stdout)["photos"] == 8
    assert cards[0].path.read_text() == before


def test_photos_of_another_class_are_named(cards: list[Card], tmp_path: Path) -> None:
    folder = tmp_path / "photos" / "Tea__rust"
    folder.mkdir(parents=True)
    Image.new("RGB", (64, 64)).save(folder / "1.png")
    with pytest.raises(CommandError, match="the model has no class Tea__rust"):
        run("evaluate", "one", "--data", folder.parent)


@pytest.fixture
def faulty(drawn_leaves: Path, tmp_path: Path) -> Path:
    """val/ with a cut photo, an empty folder and one of an editor."""
    folder = shutil.copytree(drawn_leaves / "val", tmp_path / "val")
    photo = folder / "Drawn__blight/20.jpg"
    (folder / "Drawn__rust").mkdir()
    (folder / ".ipynb_checkpoints").mkdir()
    shutil.copy(photo, folder / ".ipynb_checkpoints/20-checkpoint.jpg")
    photo.write_bytes(photo.read_bytes()[:-400])
    return folder


def test_a_photo_that_cannot_be_read_is_named_and_the_rest_is_judged(
    cards: list[Card], faulty: Path
) -> None:
    said = run("evaluate", "one", "--data", faulty, "--json", "-")
    assert said.exit_code == 1
    found = json.loads(said.stdout)
    assert found["photos"] == 7
    (failed,) = found["failed"]
    assert failed["path"] == str(faulty / "Drawn__blight/20.jpg")
    assert f"not read: {failed['path']}: {failed['error']}" in said.stderr
    assert "no photos of Drawn__rust" in said.stderr


def test_where_no_photo_can_be_read_the_first_is_named(cards: list[Card], faulty: Path) -> None:
    for photo in faulty.rglob("*.jpg"):
        photo.write_bytes(b"no photo")
    for words in (["evaluate", "one"], ["compare", "one", "two", "--out", faulty / "out"]):
        with pytest.raises(CommandError, match=r"none of the 8 photos can be read: .*20\.jpg: "):
            run(*words, "--data", faulty)


def test_a_comparison_goes_on_without_a_photo_that_cannot_be_read(
    cards: list[Card], faulty: Path, tmp_path: Path
) -> None:
    said = run("compare", "one", "two", "--data", faulty, "--out", tmp_path / "out")
    assert said.exit_code == 1
    found = json.loads((tmp_path / "out/comparison.json").read_text())
    assert found["photos"] == 7
    assert [Path(one["path"]).name for one in found["failed"]] == ["20.jpg"]
    assert "20.jpg: photo cannot be decoded" in said.stderr


def test_two_models_are_laid_side_by_side(
    cards: list[Card], drawn_leaves: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    said = run("compare", "one", "two", "--data", drawn_leaves / "val", "--out", out)
    assert "one and two on 8 photos" in said.output
    found = json.loads((out / "comparison.json").read_text())
    agree = sum(row["classes"][0] == row["classes"][1] for row in found["rows"])
    assert found["agreement"] == pytest.approx(agree / 8)
    assert {row["label"] for row in found["rows"]} == {"Drawn__blight", "Drawn__healthy"}
    with Image.open(out / "sheet-001.jpg") as sheet:
        assert sheet.width == 3 * 264 + 8


def test_a_model_agrees_with_itself_everywhere(
    cards: list[Card], drawn_leaves: Path, tmp_path: Path
) -> None:
    photos = sorted((drawn_leaves / "val").glob("*/*.jpg"))[:2]
    run("compare", "one", "one", *photos, "--out", tmp_path)
    found = json.loads((tmp_path / "comparison.json").read_text())
    assert (found["agreement"], found["labelled"]) == (1.0, 0)
    assert {row["iou"] for row in found["rows"]} <= {1.0, None}


def test_comparing_on_nothing_is_refused(cards: list[Card], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no photo to compare on"):
        run("compare", "one", "two", "--out", tmp_path)
