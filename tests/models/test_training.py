"""Training: it learns, it goes on after a kill, and it judges rightly."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.catalog import CARDS, Card, CardError, Stage, Training, read_card
from models.training.background import leaf_mask, on_ground, random_ground
from models.training.data import LeafFolder, balanced_sampler
from models.training.judge import confusion_matrix, score
from models.training.loop import Trainer
from pictures.leaves import draw_leaf

RECIPE = Training(seed=1, stages=(Stage(size=48, epochs=2, batch=8),), background=0.5)


@pytest.fixture(scope="module")
def leaves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """train/ and val/ with two classes of drawn leaves, 24 and 8 photos."""
    root = tmp_path_factory.mktemp("leaves")
    for split, seeds in (("train", range(12)), ("val", range(20, 24))):
        for kind in ("healthy", "blight"):
            folder = root / split / f"Drawn__{kind}"
            folder.mkdir(parents=True)
            for seed in seeds:
                drawn = draw_leaf(kind, seed=seed, size=(96, 96))
                drawn.photo.save(folder / f"{seed}.jpg")
    return root


@pytest.fixture(scope="module")
def card() -> Card:
    return read_card(CARDS / "cropshield_cnn.toml").model_copy(update={"training": RECIPE})


def trained(card: Card, leaves: Path, out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    Trainer(card, leaves, out, torch.device("cpu"), workers=0).run(rows.append)
    return rows


def test_training_writes_weights_and_goes_on_after_a_kill(
    card: Card, leaves: Path, tmp_path: Path
) -> None:
    class Killed(Exception):
        pass

    def die(_: dict[str, Any]) -> None:
        raise Killed

    with pytest.raises(Killed):
        Trainer(card, leaves, tmp_path, torch.device("cpu"), workers=0).run(die)
    assert [row["epoch"] for row in trained(card, leaves, tmp_path)] == [2]
    assert trained(card, leaves, tmp_path) == []
    state = torch.load(tmp_path / "best.pth", weights_only=True)
    assert state["classifier.weight"].shape == (2, 192)
    assert (tmp_path / "history.csv").read_text().startswith("epoch,size,loss,accuracy")


def test_a_folder_of_another_class_is_named(leaves: Path) -> None:
    with pytest.raises(CardError, match="Drawn__blight, Drawn__healthy"):
        LeafFolder(leaves / "val", lambda _: torch.zeros(1), classes=["Apple__scab"])


def test_classes_are_drawn_equally_often(leaves: Path, tmp_path: Path) -> None:
    shutil.copytree(leaves / "train", tmp_path / "train")
    for path in sorted((tmp_path / "train" / "Drawn__healthy").iterdir())[2:]:
        path.unlink()
    data = LeafFolder(tmp_path / "train", lambda _: torch.zeros(1))
    torch.manual_seed(0)
    drawn = [data.samples[i][1] for _ in range(100) for i in balanced_sampler(data)]
    assert 0.45 < sum(drawn) / len(drawn) < 0.55


def test_scores_of_a_known_confusion() -> None:
    truth, predicted = torch.tensor([0, 0, 0, 1]), torch.tensor([0, 0, 1, 1])
    found = score(confusion_matrix(truth, predicted, 3))
    assert found.accuracy == pytest.approx(0.75)
    assert found.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert found.photos == 4


def test_a_leaf_on_a_table_is_laid_on_another_ground() -> None:
    """Where the drawn leaf is, its pixels stay; where it is not, they are the new ground."""
    table = next(
        drawn
        for seed in range(40)
        if leaf_mask((drawn := draw_leaf("healthy", seed=seed, size=(240, 240))).photo)
    )
    mask = leaf_mask(table.photo)
    assert mask is not None
    ground = random_ground(np.random.default_rng(0))
    moved = np.asarray(on_ground(table.photo, mask, ground), np.int16)
    change = np.abs(moved - np.asarray(table.photo, np.int16)).mean(axis=2)
    assert np.median(change[table.leaf]) < 5
    assert np.median(change[~table.leaf]) > 15
