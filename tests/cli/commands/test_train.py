"""`cropshield train`, from a card to a model that can be served."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from engine.loading import load_model_once
from models.card import read_card
from tests.models.cards import write_card

RECIPE = """
[training]
seed = 3
background = 0.5
scenes = 14
teachers = {teachers}
stages = [{{ size = 32, epochs = 1, batch = 8 }}]
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
        tmp_path, "teacher", weights=f"teacher{suffix}", more=RECIPE.format(teachers=[])
    )
    said = train(teacher, drawn_leaves, tmp_path / "runs")
    assert "24 photos of 2 classes" in said
    assert "epoch 1/1 at 32 px" in said
    student = write_card(tmp_path, "student", more=RECIPE.format(teachers=["teacher"]))
    train(student, drawn_leaves, tmp_path / "runs")
    for path in (teacher, student):
        card = read_card(path)
        card.verify()
        _, names, _ = load_model_once(card.weights_path)
        assert names == ["Drawn__blight", "Drawn__healthy"]
