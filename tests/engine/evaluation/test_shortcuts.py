"""Shortcuts, on drawn leaves and on models that are known to take them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from engine.evaluation.drawn_leaves import pointing_game
from engine.evaluation.shortcuts import (
    accuracy_on_other_grounds,
    accuracy_recompressed,
    recompress,
)
from models.cards.card import Card
from models.training.data.leaf_folder import LeafFolder
from pictures.drawn_leaves.leaves import draw_leaf
from tests.engine.networks import network, save_model

NAMES = ["Drawn__blight", "Drawn__healthy"]


class Corners(nn.Module):
    """Judges by the photo's corners alone: class 1 where most of them are light."""

    def forward(self, x: Tensor) -> Tensor:
        light = x[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].mean(dim=1).median(dim=1).values
        return torch.stack([-light, light], dim=1)


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return save_model(tmp_path, network(classes=7))


@pytest.fixture
def photos(tmp_path: Path) -> LeafFolder:
    """Healthy leaves on a light ground, sick ones on a dark one."""
    for name, grey in (("Drawn__blight", 60), ("Drawn__healthy", 200)):
        (folder := tmp_path / "photos" / name).mkdir(parents=True)
        for seed in range(6):
            leaf = draw_leaf(name.rpartition("__")[2], seed=seed, size=(160, 160))
            pixels = np.where(leaf.leaf[..., None], np.asarray(leaf.photo), np.uint8(grey))
            Image.fromarray(pixels).save(folder / f"{seed}.png")
    return LeafFolder(tmp_path / "photos", NAMES)


def test_a_model_that_reads_the_ground_falls_when_the_ground_is_another(
    card: Card, photos: LeafFolder
) -> None:
    found = accuracy_on_other_grounds(card, Corners(), photos)
    assert found["cut_out_photos"] >= 4
    assert found["own_ground"] == 1.0
    assert found["other_ground"] < 0.9
    assert accuracy_on_other_grounds(card, Corners(), photos) == found, (
        "the grounds are the same each time"
    )


def test_other_grounds_leave_the_callers_chances_alone(card: Card, photos: LeafFolder) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    accuracy_on_other_grounds(card, Corners(), photos)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_model_that_reads_the_ground_does_not_mind_jpeg(card: Card, photos: LeafFolder) -> None:
    assert accuracy_recompressed(card, Corners(), photos) == 1.0


def test_a_copy_is_the_same_photo_with_less_detail(photos: LeafFolder) -> None:
    path = photos.paths[0]
    original = np.asarray(Image.open(path).convert("RGB"), np.int16)
    copy = recompress(path, min_side=160).astype(np.int16)
    assert copy.shape == original.shape
    assert 0 < np.abs(copy - original).mean() < 12


def test_the_pointing_game_asks_for_the_hottest_pixel() -> None:
    lesions = np.zeros((28, 28), dtype=bool)
    lesions[4:8, 4:8] = True
    heat = np.zeros((7, 7), np.float32)
    heat[1, 1], heat[5, 5] = 0.6, 0.5
    assert pointing_game(heat, lesions)
    heat[5, 5] = 1.0
    assert not pointing_game(heat, lesions)
