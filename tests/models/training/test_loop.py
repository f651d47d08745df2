"""Training: it learns, it goes on after a kill, and it judges rightly."""

import os
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from models.card_errors import CardError
from models.cards.card import Card, read_card
from models.cards.recipe import Stage, Training
from models.catalog import CARDS
from models.networks.weights import StateDict
from models.training.data.leaf_folder import LeafFolder
from models.training.data.negatives import SIDE, drawn_scenes
from models.training.data.photos import stretched
from models.training.loop import Trainer
from models.training.metrics import confusion_matrix, score
from pictures.scenes import TRAIN_KINDS, draw_scene
from tests.models.training.leaves import draw_folder, draw_outline

RECIPE = Training(
    seed=1, stages=(Stage(size=48, epochs=2, batch=8),), background=0.5, off_leaf=0.2, scenes=14
)


@pytest.fixture(scope="module")
def card() -> Card:
    return read_card(CARDS / "cropshield_cnn.toml").model_copy(update={"training": RECIPE})


def trained(card: Card, drawn_leaves: Path, out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    Trainer(card, [drawn_leaves], out, torch.device("cpu")).run(rows.append)
    return rows


def test_training_writes_weights_and_goes_on_after_a_kill(
    card: Card, drawn_leaves: Path, tmp_path: Path
) -> None:
    class Killed(Exception):
        pass

    def die(_: dict[str, Any]) -> None:
        raise Killed

    with pytest.raises(Killed):
        Trainer(card, [drawn_leaves], tmp_path, torch.device("cpu")).run(die)
    assert [row["epoch"] for row in trained(card, drawn_leaves, tmp_path)] == [2]
    assert trained(card, drawn_leaves, tmp_path) == []
    state = torch.load(tmp_path / "best.pth", weights_only=True)
    assert len(state["classifier.weight"]) == 2
    assert (tmp_path / "history.csv").read_text().startswith("epoch,size,loss,accuracy")
    straight = trained_beside_draws(card, drawn_leaves, tmp_path / "in one go")
    assert state.keys() == straight.keys()
    # 0 here; without the optimizer's state 0.003, with other random numbers 0.03.
    apart = {name: float((state[name] - straight[name]).float().abs().mean()) for name in straight}
    assert max(apart.values()) < 1e-4, apart


def trained_beside_draws(card: Card, drawn_leaves: Path, out: Path) -> StateDict:
    """The best weights of a run in one go, while others draw random numbers."""
    trainer = Trainer(card, [drawn_leaves], out, torch.device("cpu"))
    trainer.run(lambda _: None, tick=lambda _: random.seed())
    weights: StateDict = torch.load(out / "best.pth", weights_only=True)
    return weights


def with_recipe(card: Card, **changes: Any) -> Card:
    return card.model_copy(update={"training": RECIPE.model_copy(update=changes)})


def test_each_folder_is_judged_by_itself_and_the_mean_chooses(card: Card, tmp_path: Path) -> None:
    table = draw_folder(tmp_path / "table", ["healthy", "blight"], range(12))
    orchard = draw_folder(tmp_path / "orchard", ["blight", "rust"], range(4), val=range(90, 93))
    card = with_recipe(card, stages=(Stage(size=32, epochs=1, batch=8),), balance=(1.0, 0.6))
    trainer = Trainer(card, [table, orchard], tmp_path / "out", torch.device("cpu"))
    rows: list[dict[str, Any]] = []
    trainer.run(rows.append)
    found = rows[0]["folders"]
    assert {name: scores.photos for name, scores in found.items()} == {"table": 4, "orchard": 6}
    mean = sum(scores.macro_f1 for scores in found.values()) / 2
    assert rows[0]["macro_f1"] == pytest.approx(mean, abs=1e-5)
    head, line = (tmp_path / "out/history.csv").read_text().splitlines()
    history = dict(zip(head.split(","), line.split(","), strict=True))
    assert float(history["orchard macro_f1"]) == pytest.approx(found["orchard"].macro_f1, abs=1e-5)


def test_near_the_served_size_photos_are_judged_as_they_are_served(
    card: Card, drawn_leaves: Path, tmp_path: Path
) -> None:
    stages = tuple(Stage(size=size, epochs=1, batch=8) for size in (48, 216))
    trained(with_recipe(card, stages=stages), drawn_leaves, tmp_path)
    assert card.preprocessing.size == 256
    found = {file.stem.rpartition("-")[0] for file in tmp_path.glob("*-val-*.npy")}
    assert found == {f"{drawn_leaves.name}-val-{side}" for side in (160, 256)}


def test_training_stops_when_patience_runs_out(
    card: Card, drawn_leaves: Path, tmp_path: Path
) -> None:
    """Without a learning rate nothing becomes better than after the first epoch."""
    stages = (Stage(size=32, epochs=9, batch=8),)
    still = with_recipe(card, learning_rate=1e-12, patience=2, stages=stages)
    rows = trained(still, drawn_leaves, tmp_path)
    scores = [row["macro_f1"] for row in rows]
    assert len(rows) == scores.index(max(scores)) + 1 + 2 < 9


def test_a_recipe_without_stages_is_named(card: Card, drawn_leaves: Path, tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"cropshield_cnn\.toml, line \d+: training\.stages: it is"):
        Trainer(with_recipe(card, stages=()), [drawn_leaves], tmp_path, torch.device("cpu"))


def test_a_folder_of_another_class_is_named(drawn_leaves: Path) -> None:
    with pytest.raises(CardError, match="Drawn__blight, Drawn__healthy"):
        LeafFolder(drawn_leaves / "val", classes=["Apple__scab"])


def test_scores_of_a_known_confusion() -> None:
    truth, predicted = torch.tensor([0, 0, 0, 1]), torch.tensor([0, 0, 1, 1])
    found = score(confusion_matrix(truth, predicted, 3))
    assert found.accuracy == pytest.approx(0.75)
    assert found.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert found.photos == 4


def test_training_draws_every_kind_of_scene_that_it_may(tmp_path: Path) -> None:
    made = drawn_scenes(len(TRAIN_KINDS), tmp_path / "scenes.npy")
    assert made.shape == (len(TRAIN_KINDS), SIDE, SIDE, 3)
    for pixels, kind in zip(made, TRAIN_KINDS, strict=True):
        assert np.array_equal(pixels, np.asarray(draw_scene(kind, 0, (SIDE, SIDE))))


def classes_of(leaves: Path) -> tuple[Path, Path]:
    return leaves / "train/Drawn__blight", leaves / "train/Drawn__healthy"


@pytest.fixture
def leaves(drawn_leaves: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return shutil.copytree(drawn_leaves, tmp_path / "leaves")


def trainer(card: Card, leaves: Path) -> Trainer:
    return Trainer(card, [leaves], leaves.parent / "run", torch.device("cpu"))


def test_a_corrected_label_brings_its_own_pixels(card: Card, leaves: Path) -> None:
    """As many photos as before, in another order."""
    trainer(card, leaves)
    before = LeafFolder(leaves / "train")
    kept = before.pixels(60, leaves / "60.npy").copy()
    blight, healthy = classes_of(leaves)
    (blight / "0.jpg").rename(healthy / "0-corrected.jpg")
    (healthy / "5.jpg").rename(blight / "5-corrected.jpg")
    after = LeafFolder(leaves / "train")
    pixels = after.pixels(60, leaves / "60.npy")
    for path, own in zip(after.paths, pixels, strict=True):
        assert np.array_equal(own, stretched(path, 60))
    assert not np.array_equal(pixels, kept)
    assert len(list(leaves.glob("60-*.npy"))) == 1, "the old one is gone"


def test_pixels_are_told_apart_by_content_and_side(leaves: Path) -> None:
    file = leaves / "48.npy"
    folder = LeafFolder(leaves / "train")
    first = folder.pixels(48, file).copy()
    assert folder.pixels(32, leaves / "32.npy").shape[1] == 32
    photo = Path(folder.paths[0])
    stat = photo.stat()
    Image.new("RGB", (96, 96), "red").save(photo)
    os.utime(photo, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    again = LeafFolder(leaves / "train").pixels(48, file)
    assert again[0].mean((0, 1)).argmax() == 0
    assert np.array_equal(again[1:], first[1:])


def test_an_unfinished_run_goes_on_with_corrected_labels_and_says_so(
    card: Card, leaves: Path
) -> None:
    assert trainer(card, leaves).changes == []
    blight, healthy = classes_of(leaves)
    (blight / "0.jpg").rename(healthy / "0-corrected.jpg")
    (said,) = trainer(card, leaves).changes
    assert "photos or labels of train/ have changed" in said
    assert trainer(card, leaves).changes == []


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_finished_run_with_other_photos_says_what_to_do(
    card: Card, leaves: Path, split: str
) -> None:
    short = with_recipe(card, stages=(Stage(size=32, epochs=1, batch=8),))
    trainer(short, leaves).run(lambda _: None)
    assert trainer(short, leaves).done
    photo = next((leaves / split / "Drawn__blight").iterdir())
    photo.rename(leaves / split / "Drawn__healthy" / "corrected.jpg")
    with pytest.raises(CardError, match=rf"run is over, but .* {split}/ have changed.*--out"):
        trainer(short, leaves)
    more = with_recipe(card, stages=(Stage(size=32, epochs=2, batch=8),))
    assert len(trainer(more, leaves).changes) == 2, "it is not over: there is another epoch"


def test_outlines_that_are_drawn_anew_are_noticed(card: Card, tmp_path: Path) -> None:
    table = draw_folder(tmp_path / "table", ["healthy", "blight"], range(2))
    made = draw_outline(tmp_path / "outlines", table, "blight", 0)
    run = [table], tmp_path / "run", torch.device("cpu"), tmp_path / "outlines"
    assert Trainer(card, *run).changes == []
    Image.new("L", (96, 96), 1).save(made)  # a healthy leaf
    changed = Trainer(card, *run)
    assert changed.changes == [
        "outlines of lesions have changed since it began; it goes on with what is here now"
    ]
    assert not changed.train_set.parts[0].lesions.any()


def test_a_renamed_photo_is_the_same_photo(card: Card, leaves: Path) -> None:
    trainer(card, leaves)
    (classes_of(leaves)[0] / "0.jpg").rename(classes_of(leaves)[0] / "zz.jpg")
    assert trainer(card, leaves).changes == []


def test_a_run_of_other_classes_is_refused(card: Card, leaves: Path) -> None:
    trainer(card, leaves)
    for split in ("train", "val"):
        (leaves / split / "Drawn__blight").rename(leaves / split / "Drawn__rust")
    with pytest.raises(CardError, match="begun without Drawn__rust and with Drawn__blight"):
        trainer(card, leaves)


@pytest.mark.parametrize("batch", [23, 24, 64])
def test_photos_that_fill_no_more_than_one_batch_are_trained_on(
    card: Card, drawn_leaves: Path, tmp_path: Path, batch: int
) -> None:
    few = with_recipe(card, stages=(Stage(size=32, epochs=1, batch=batch),))
    (row,) = trained(few, drawn_leaves, tmp_path)
    assert row["loss"] > 0


def test_one_class_alone_is_refused(card: Card, leaves: Path) -> None:
    for split in ("train", "val"):
        shutil.rmtree(leaves / split / "Drawn__blight")
    with pytest.raises(CardError, match="all of one class, Drawn__healthy"):
        trainer(card, leaves)


def test_photos_that_cannot_be_read_are_left_out_and_told(card: Card, leaves: Path) -> None:
    blight, healthy = classes_of(leaves)
    cut(blight / "3.jpg")
    (healthy / "gone.jpg").symlink_to("nowhere")
    cut(leaves / "val/Drawn__blight/20.jpg")
    made = trainer(with_recipe(card, stages=(Stage(size=32, epochs=1, batch=8),)), leaves)
    assert {Path(path).name for path in made.folders[0].train.unreadable} == {"3.jpg", "gone.jpg"}
    assert [Path(path).name for path in made.folders[0].val.unreadable] == ["20.jpg"]
    assert len(made.train_set) == len(made.train_set.parts[0].weights) == 23
    rows: list[dict[str, Any]] = []
    made.run(rows.append)
    assert rows[0]["photos"] == 7


def cut(photo: Path) -> None:
    photo.write_bytes(photo.read_bytes()[:-400])


def test_a_class_whose_photos_all_fail_is_an_error(card: Card, leaves: Path) -> None:
    for photo in classes_of(leaves)[0].iterdir():
        cut(photo)
    with pytest.raises(CardError, match=r"no photo of Drawn__blight can be read: .*\.jpg: photo"):
        trainer(card, leaves)
