"""`cropshield train`, from a card to a model that can be served."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.errors import CommandError
from cli.main import app
from engine.loading import load_model_once
from models.cards.card import read_card
from tests.models.card_files import write_card
from tests.models.training.leaves import draw_folder, draw_outline

RECIPE = """
[training]
seed = 3
background = 0.5
scenes = 14
teachers = {teachers}
stages = [{{ size = 32, epochs = 1, batch = 8 }}]
"""

GRAPH = """
[graph]
file = "teacher.onnx"
sha256 = "00"
weights_sha256 = ""
target_layer = "block4"
size = 224
"""


def train(card: Path, leaves: Path, out: Path) -> str:
    words = ["train", str(card), "--data", str(leaves), "--out", str(out), "--device", "cpu"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_trained_card_is_whole_and_may_teach_another(
    drawn_leaves: Path, tmp_path: Path, suffix: str
) -> None:
    teacher = write_card(
        tmp_path, "teacher", weights=f"teacher{suffix}", more=RECIPE.format(teachers=[]) + GRAPH
    )
    said = train(teacher, drawn_leaves, tmp_path / "runs")
    assert "24 photos of 2 classes" in said
    assert "epoch 1/1 at 32 px" in said
    student = write_card(tmp_path, "student", more=RECIPE.format(teachers=["teacher"]))
    train(student, drawn_leaves, tmp_path / "runs")
    for path in (teacher, student):
        card = read_card(path)
        card.verify()
        assert card.graph is None, "it was of the weights before"
        _, names, _ = load_model_once(card.weights_path)
        assert names == ["Drawn__blight", "Drawn__healthy"]


@pytest.fixture
def leaves(drawn_leaves: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return shutil.copytree(drawn_leaves, tmp_path / "leaves")


def test_what_is_wrong_with_photos_is_said_and_training_goes_on(
    leaves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """State goes below CROPSHIELD_HOME; labels that are corrected once it is over are noticed."""
    monkeypatch.setenv("CROPSHIELD_HOME", str(tmp_path / "state"))
    card = write_card(tmp_path, "mine", more=RECIPE.format(teachers=[]))
    photo = leaves / "train/Drawn__blight/3.jpg"
    photo.write_bytes(photo.read_bytes()[:-400])
    shutil.rmtree(leaves / "val/Drawn__blight")
    (leaves / "train/Drawn__rust").mkdir()
    words = ["train", str(card), "--data", str(leaves), "--device", "cpu"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0
    said = done.stderr
    assert f"not read: {photo}: photo cannot be decoded" in said
    assert "no photos to judge by of Drawn__blight" in said
    assert "no photos in Drawn__rust" in said
    assert "23 photos of 2 classes" in said
    assert (tmp_path / "state/training/mine/weights.pth").is_file()
    (leaves / "train/Drawn__healthy/0.jpg").rename(leaves / "train/Drawn__blight/0-healthy.jpg")
    with pytest.raises(CommandError, match=r"is over, but photos or labels of train/ have changed"):
        CliRunner().invoke(app, words, catch_exceptions=False)


def test_what_cannot_be_trained_on_is_one_sentence(leaves: Path, tmp_path: Path) -> None:
    card = write_card(tmp_path, "mine", more=RECIPE.format(teachers=[]))
    with pytest.raises(CommandError, match="there is no folder"):
        train(card, tmp_path / "nowhere", tmp_path / "runs")
    for split in ("train", "val"):
        shutil.rmtree(leaves / split / "Drawn__blight")
    with pytest.raises(CommandError, match="all of one class, Drawn__healthy"):
        train(card, leaves, tmp_path / "runs")


TWO_GROUNDS = """
[training]
seed = 5
balance = [1.0, 0.6]
background = 0.6
photo_grounds = 0.6
plain_ground = 0.25
off_leaf = 0.4
negatives = 2
scenes = 14
lesions = { draw = 2.5, outlined = 4.0 }
stages = [{ size = 64, epochs = 2, batch = 6, mix = 0.5 }]
"""


def test_a_table_and_an_orchard_with_outlines_are_trained_on_and_a_kill_loses_an_epoch_at_most(
    tmp_path: Path,
) -> None:
    table = draw_folder(tmp_path / "table", ["blight", "healthy", "rust"], range(6))
    orchard = draw_folder(tmp_path / "orchard", ["blight", "rust"], range(20, 24))
    for seed in range(3):
        draw_outline(tmp_path / "outlines", table, "blight", seed)
    path = write_card(tmp_path, "mine", more=TWO_GROUNDS)
    words = [sys.executable, "-m", "cli", "train", str(path), "--device", "cpu"]
    words += ["--data", str(table), "--data", str(orchard), "--out", str(tmp_path / "runs")]
    words += ["--outlines", str(tmp_path / "outlines")]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as first:
        assert first.stderr is not None
        said = ""
        while "epoch 1/2" not in said:
            line = first.stderr.readline()
            assert line, said
            said += line
        first.send_signal(signal.SIGKILL)
    assert "26 photos of 3 classes" in said
    assert "no photos in orchard of Drawn__healthy" in said
    assert "to judge by" not in said, "that it has none of them has been said"
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=True)
    said = " ".join(done.stderr.split())
    assert "2 epochs, 1 of them done" in said
    assert "epoch 1/2" not in said
    assert "table accuracy" in said
    assert "orchard accuracy" in said
    read_card(path).verify()
    _, names, _ = load_model_once(read_card(path).weights_path)
    assert names == ["Drawn__blight", "Drawn__healthy", "Drawn__rust"]
