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

from models.card import Card, Preprocessing, read_card
from models.card_errors import CardError
from models.catalog import CARDS
from models.recipe import Stage, Training
from models.training.augment import FARTHEST, Augment, random_scale, to_float_planes
from models.training.loop import Trainer
from models.training.metrics import confusion_matrix, score
from models.training.photos import LeafFolder, balanced_draw, stretched, whole_batches
from models.training.scenes import SIDE, drawn_scenes
from pictures.scenes import TRAIN_KINDS, draw_scene

RECIPE = Training(
    seed=1, stages=(Stage(size=48, epochs=2, batch=8),), background=0.5, off_leaf=0.2, scenes=14
)


@pytest.fixture(scope="module")
def card() -> Card:
    return read_card(CARDS / "cropshield_cnn.toml").model_copy(update={"training": RECIPE})


def trained(card: Card, drawn_leaves: Path, out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    Trainer(card, drawn_leaves, out, torch.device("cpu")).run(rows.append)
    return rows


def test_training_writes_weights_and_goes_on_after_a_kill(
    card: Card, drawn_leaves: Path, tmp_path: Path
) -> None:
    class Killed(Exception):
        pass

    def die(_: dict[str, Any]) -> None:
        raise Killed

    with pytest.raises(Killed):
        Trainer(card, drawn_leaves, tmp_path, torch.device("cpu")).run(die)
    assert [row["epoch"] for row in trained(card, drawn_leaves, tmp_path)] == [2]
    assert trained(card, drawn_leaves, tmp_path) == []
    state = torch.load(tmp_path / "best.pth", weights_only=True)
    assert state["classifier.weight"].shape == (2, 192)
    assert (tmp_path / "history.csv").read_text().startswith("epoch,size,loss,accuracy")
    trained(card, drawn_leaves, tmp_path / "in one go")
    straight = torch.load(tmp_path / "in one go" / "best.pth", weights_only=True)
    assert all(torch.equal(state[name], straight[name]) for name in straight)


def with_recipe(card: Card, **changes: Any) -> Card:
    return card.model_copy(update={"training": RECIPE.model_copy(update=changes)})


def test_near_the_served_size_photos_are_judged_as_they_are_served(
    card: Card, drawn_leaves: Path, tmp_path: Path
) -> None:
    stages = tuple(Stage(size=size, epochs=1, batch=8) for size in (48, 192, 200))
    trained(with_recipe(card, stages=stages), drawn_leaves, tmp_path)
    assert card.preprocessing.size == 256
    assert {file.stem[:7] for file in tmp_path.glob("val-*.npy")} == {"val-160", "val-256"}


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
        Trainer(with_recipe(card, stages=()), drawn_leaves, tmp_path, torch.device("cpu"))


def test_a_folder_of_another_class_is_named(drawn_leaves: Path) -> None:
    with pytest.raises(CardError, match="Drawn__blight, Drawn__healthy"):
        LeafFolder(drawn_leaves / "val", classes=["Apple__scab"])


def test_classes_are_drawn_equally_often() -> None:
    labels = torch.tensor([0] * 190 + [1] * 10)
    drawn = labels[balanced_draw(labels, torch.Generator().manual_seed(0))]
    assert len(drawn) == 200
    assert 0.4 < drawn.float().mean() < 0.6


def test_scores_of_a_known_confusion() -> None:
    truth, predicted = torch.tensor([0, 0, 0, 1]), torch.tensor([0, 0, 1, 1])
    found = score(confusion_matrix(truth, predicted, 3))
    assert found.accuracy == pytest.approx(0.75)
    assert found.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert found.photos == 4


def test_pictures_of_no_leaf_come_after_the_photos_and_drawn_scenes_last() -> None:
    random.seed(0)
    torch.manual_seed(0)
    augment = Augment(Preprocessing(), background=0.5, negatives=3)
    photos = torch.randint(0, 256, (4, 80, 80, 3), dtype=torch.uint8)
    white = torch.full((1, 40, 40, 3), 255, dtype=torch.uint8)
    masks = torch.zeros(4, 96, 96, 1, dtype=torch.uint8)
    made, leaves = augment(photos, masks, white, Stage(size=64, epochs=1))
    assert leaves.shape == (4, 1, 64, 64)
    assert made.shape == (7, 3, 64, 64)
    assert torch.isfinite(made).all()
    assert made.std((1, 2, 3)).argmin() == 6


def test_a_view_is_a_part_of_the_photo_or_all_of_it_from_further_away() -> None:
    torch.manual_seed(0)
    scale = random_scale(400, 0.5, torch.device("cpu"))
    assert 0.5 < float(scale.prod(1).min()) ** 0.5 < 0.8
    assert 1.4 < float(scale.max()) <= FARTHEST
    assert 0.2 < float((scale > 1).any(1).float().mean()) < 0.5


@pytest.mark.parametrize(("plain", "least", "most"), [(0.0, 0, 6), (0.5, 15, 45), (1.0, 60, 60)])
def test_plain_photos_keep_their_light(plain: float, least: int, most: int) -> None:
    torch.manual_seed(0)
    augment = Augment(Preprocessing(), background=0.0, negatives=0)
    green = torch.tensor([60, 140, 50], dtype=torch.uint8).expand(60, 80, 80, 3)
    none = torch.zeros(60, 96, 96, 1, dtype=torch.uint8), torch.zeros(0, 8, 8, 3, dtype=torch.uint8)
    made = augment(green, *none, Stage(size=64, epochs=1, plain=plain)).pixels
    as_sent = augment.normalised(to_float_planes(green)).mean((2, 3))
    kept = (made.mean((2, 3)) - as_sent).abs().amax(1) < 0.1
    assert least <= int(kept.sum()) <= most


def test_the_mask_of_a_leaf_goes_where_the_view_puts_it() -> None:
    torch.manual_seed(0)
    augment = Augment(Preprocessing(mean=(0, 0, 0), std=(1, 1, 1)), background=0.0, negatives=0)
    masks = torch.zeros(40, 96, 96, 1, dtype=torch.uint8)
    masks[:, 20:50, 10:80] = 255
    photos = masks.expand(-1, -1, -1, 3)
    scenes = torch.zeros(0, 8, 8, 3, dtype=torch.uint8)
    made, leaves = augment(photos, masks, scenes, Stage(size=64, epochs=1, plain=1.0))
    assert leaves.mean() > 0.1
    assert ((made.mean(1) > 0.5) == (leaves[:, 0] > 0.5)).float().mean() > 0.97


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
    return Trainer(card, leaves, leaves.parent / "run", torch.device("cpu"))


def test_a_corrected_label_brings_its_own_pixels(card: Card, leaves: Path) -> None:
    """As many photos as before, in another order."""
    before = trainer(card, leaves).train_set
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


@pytest.mark.parametrize(
    ("photos", "size", "expected"),
    [(24, 8, [8, 8, 8]), (25, 8, [8, 8, 8]), (5, 8, [5]), (1, 8, [1])],
)
def test_only_the_rest_of_a_draw_is_left_out(photos: int, size: int, expected: list[int]) -> None:
    assert [len(one) for one in whole_batches(torch.arange(photos), size)] == expected


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
    assert {Path(path).name for path in made.train_set.unreadable} == {"3.jpg", "gone.jpg"}
    assert [Path(path).name for path in made.validation.photos.unreadable] == ["20.jpg"]
    assert len(made.train_set) == len(made.train_set.labels) == 23
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
