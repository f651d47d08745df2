"""`cropshield evaluate --lesions`, on drawn leaves with known lesions and a model of noise."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.errors import USAGE, CommandError
from engine.cam.torch_methods import METHODS
from models.cards.card import Card, read_card
from pictures.drawn_leaves.leaves import draw_leaf
from tests.cli.conftest import run


@pytest.fixture
def outlined(tmp_path: Path) -> Path:
    """Six drawn photos of two classes with their masks beside them, one of them without lesions."""
    root = tmp_path / "outlined"
    for number, kind in enumerate(("blight", "rust") * 3):
        (folder := root / f"Drawn__{kind}").mkdir(parents=True, exist_ok=True)
        leaf = draw_leaf(kind if number else "healthy", seed=number, size=(160, 120))
        leaf.photo.save(folder / f"{number}.jpg")
        mask = leaf.leaf.astype(np.uint8)
        mask[leaf.lesions] = 2
        Image.fromarray(mask).save(folder / f"{number}.png")
    return root


def test_every_method_is_judged_and_gradcam_is_recorded(
    cards: list[Card], outlined: Path, tmp_path: Path
) -> None:
    file = tmp_path / "found.json"
    said = run(
        "evaluate", "one", "--lesions", outlined, "--json", file, "--record", "drawn_lesions"
    )
    words = " ".join(said.output.split())
    assert "one on 5 photos" in words
    assert "left out, as their mask shows no lesion or nothing else: 1" in words
    found = json.loads(file.read_text())
    assert [Path(mask).name for mask in found["left_out"]] == ["0.png"]
    assert found["failed"] == []
    assert set(found["methods"]) == set(METHODS)
    recorded = read_card(cards[0].path).metrics["drawn_lesions"]
    area = {f"affected_{name}": value for name, value in found["affected_share"].items()}
    assert recorded == pytest.approx(found["methods"]["gradcam"] | area, abs=1e-4)
    assert "affected share, by colour, of" in words
    assert {"photos", "pointing", "chance", "auc", "lift", "right"} <= set(recorded)


def test_photos_may_lie_elsewhere(cards: list[Card], outlined: Path, tmp_path: Path) -> None:
    here = json.loads(run("evaluate", "one", "--lesions", outlined, "--json", "-").output)
    for mask in outlined.glob("*/*.png"):
        target = tmp_path / "masks" / mask.relative_to(outlined)
        target.parent.mkdir(parents=True, exist_ok=True)
        mask.rename(target)
    where = ["--lesions", tmp_path / "masks", "--data", outlined]
    apart = json.loads(run("evaluate", "one", *where, "--json", "-").output)
    assert apart["methods"] == here["methods"]


def test_a_record_leaves_nothing_of_an_older_one(cards: list[Card], outlined: Path) -> None:
    path = cards[0].path
    path.write_text(path.read_text() + "\n[metrics.drawn]\nauc = 0.1\nold = 1.0  # long gone\n")
    run("evaluate", "one", "--lesions", outlined, "--record", "drawn")
    assert "old" not in read_card(path).metrics["drawn"]


def test_a_photo_that_cannot_be_read_is_named_and_left_out(
    cards: list[Card], outlined: Path
) -> None:
    (outlined / "Drawn__rust" / "1.jpg").write_bytes(b"text")
    said = run("evaluate", "one", "--lesions", outlined, "--json", "-")
    assert said.exit_code == 1
    assert "1.jpg: photo is not an image of a known format" in said.stderr
    found = json.loads(said.stdout)
    assert [Path(row["path"]).name for row in found["failed"]] == ["1.jpg"]
    assert found["methods"]["gradcam"]["photos"] == 4


def test_what_does_not_fit_is_one_sentence(cards: list[Card], outlined: Path) -> None:
    with pytest.raises(CommandError, match="has no masks"):
        run("evaluate", "one", "--lesions", outlined / "Drawn__rust")
    with pytest.raises(CommandError, match="--lesions judges the heat alone") as caught:
        run("evaluate", "one", "--lesions", outlined, "--shortcuts")
    assert caught.value.code == USAGE
    with pytest.raises(CommandError, match="--data is missing") as caught:
        run("evaluate", "one")
    assert caught.value.code == USAGE
    for photo in outlined.glob("*/*.jpg"):
        if photo.stem != "0":
            photo.with_suffix(".png").unlink()
    with pytest.raises(CommandError, match="none of the 1 masks shows a lesion"):
        run("evaluate", "one", "--lesions", outlined)
