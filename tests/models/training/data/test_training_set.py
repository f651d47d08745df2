"""What is known of the photos that training draws from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from models.card_errors import CardError
from models.cards.card import read_card
from models.cards.recipe import Lesions, Stage, Training
from models.training.data.data_folders import open_data_folders
from models.training.data.training_set import TrainingSet
from tests.models.card_files import write_card
from tests.models.training.leaves import SIDE, draw_folder, draw_outline

OUTLINED = Lesions(draw=2.5, outlined=4.0)


@pytest.fixture
def roots(tmp_path: Path) -> list[Path]:
    table = draw_folder(tmp_path / "table", ["healthy", "blight"], range(4))
    draw_outline(tmp_path / "outlines", table, "blight", 2)
    return [table, draw_folder(tmp_path / "orchard", ["healthy", "blight"], range(2))]


def training_set(roots: list[Path], outlines: bool = False, **recipe: Any) -> TrainingSet:
    home = roots[0].parent
    card = read_card(write_card(home, "mine"))
    recipe.setdefault("stages", (Stage(size=32, epochs=1, batch=4),))
    card = card.model_copy(update={"training": Training(**recipe)})
    folder = home / "outlines" if outlines else None
    photos = TrainingSet(card, open_data_folders(roots), folder, home)
    photos.prepare()
    return photos


def test_a_batch_has_photos_of_every_folder_with_what_is_known_of_them(roots: list[Path]) -> None:
    photos = training_set(roots, outlines=True, lesions=OUTLINED)
    assert len(photos) == 12
    batch = photos.load((torch.tensor([2, 5]), torch.tensor([3])), 40)
    assert batch.photos.shape == (3, 40, 40, 3)
    assert batch.labels.tolist() == [0, 1, 1]
    assert batch.costs.tolist() == [4.0, 1.0, 1.0]
    assert batch.lesions.flatten(1).any(1).tolist() == [True, False, False]
    assert batch.leaves.shape == (3, 96, 96, 1)


def test_outlined_photos_are_drawn_more_often(roots: list[Path]) -> None:
    photos = training_set(roots, outlines=True, lesions=OUTLINED)
    drawn = [own.tolist() for own, _ in photos.steps(2, torch.Generator().manual_seed(0))]
    assert len(drawn) == 6
    weights = photos.parts[0].weights / photos.parts[0].weights.min()
    assert weights.tolist() == [1, 1, 2.5, 1, 1, 1, 1, 1]


def test_healthy_leaves_before_white_are_drawn_less_often_and_told_to_be_moved(
    roots: list[Path],
) -> None:
    """Before white they would be known by the white. A sick leaf there is as good as another."""
    for name in ("healthy", "blight"):
        path = roots[0] / f"train/Drawn__{name}/table1.jpg"
        pixels = np.asarray(Image.open(path)).copy()
        pixels[:12], pixels[-12:], pixels[:, :12], pixels[:, -12:] = 250, 250, 250, 250
        Image.fromarray(pixels).save(path)
    photos = training_set(roots, plain_ground=0.25)
    part = photos.parts[0]
    assert part.plain.tolist() == [False] * 5 + [True] + [False] * 2
    assert (part.weights / part.weights.max()).tolist() == [1, 1, 1, 1, 1, 0.25, 1, 1]
    assert part.load(torch.tensor([4, 5]), SIDE).plain.tolist() == [False, True]


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ({"balance": (1.0, 0.6, 0.5)}, r"training\.balance: 3 numbers for 2 folders"),
        (
            {"stages": (Stage(size=32, epochs=1, batch=2),)},
            r"training\.stages: a batch of 2 photos is too small for 3 folders",
        ),
    ],
)
def test_a_recipe_for_other_folders_is_refused(
    recipe: dict[str, Any], said: str, roots: list[Path], tmp_path: Path
) -> None:
    folders = roots if "balance" in recipe else [*roots, draw_folder(tmp_path / "c", ["rust"], [1])]
    with pytest.raises(CardError, match=said):
        training_set(folders, **recipe)


def test_each_folder_may_have_a_balance_of_its_own(roots: list[Path]) -> None:
    for seed in range(6, 12):
        path = roots[1] / f"train/Drawn__blight/{seed}.jpg"
        Image.new("RGB", (SIDE, SIDE)).save(path)
    even, uneven = training_set(roots, balance=(1.0, 0.0)).parts
    assert len(set(even.weights.tolist())) == 1  # there are as many photos of each class
    assert uneven.weights.tolist() == [1.0] * 10
    assert training_set(roots, balance=1.0).parts[1].weights.tolist() == [1 / 8] * 8 + [1 / 2] * 2
