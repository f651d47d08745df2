"""models/training/background.py: leaves cut out whole, and laid on other grounds."""

import numpy as np
import pytest
import torch
from PIL import Image

from models.training.background import cut_out, on_grounds
from pictures.drawn_leaves.leaves import DrawnLeaf, draw_leaf

SIDE = 240
Colour = tuple[int, int, int]
TABLE: Colour = (150, 150, 155)
GREEN: Colour = (70, 130, 55)


def painted(ground: Colour, *parts: tuple[float, float, float, float, Colour]) -> np.ndarray:
    """Ellipses (y, x, height, width, colour; a photo's side is 1) one on the other, with noise."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    picture = np.full((SIDE, SIDE, 3), ground, float)
    for top, left, high, wide, colour in parts:
        picture[((y - top) / high) ** 2 + ((x - left) / wide) ** 2 < 1] = colour
    picture += np.random.default_rng(0).normal(0, 6, (SIDE, SIDE, 1))
    return picture.clip(0, 255).astype(np.uint8)


def cut(picture: np.ndarray) -> np.ndarray:
    mask = cut_out(Image.fromarray(picture))
    assert mask is not None
    return np.asarray(mask.resize((SIDE, SIDE))) > 127


@pytest.mark.parametrize("lesion", [(105, 80, 50), (150, 125, 85), (60, 45, 35)])
def test_a_lesion_at_the_edge_stays_on_the_leaf(lesion: Colour) -> None:
    """Cut away, it would leave a photo of healthy leaf under the name of the disease."""
    leaf = (0.5, 0.5, 0.36, 0.3, GREEN)
    spot = (0.3, 0.42, 0.12, 0.12, lesion)
    found = cut(painted(TABLE, leaf, spot))
    assert found[int(0.3 * SIDE), int(0.42 * SIDE)]
    assert found[int(0.2 * SIDE), int(0.42 * SIDE)]
    assert not found[10, 10]


def test_a_white_midrib_stays_on_the_leaf() -> None:
    found = cut(
        painted(TABLE, (0.5, 0.5, 2.0, 0.25, GREEN), (0.5, 0.5, 2.0, 0.02, (205, 210, 200)))
    )
    assert found[SIDE // 2, SIDE // 2]
    assert found[:, SIDE // 2].mean() > 0.9


@pytest.mark.parametrize(
    "picture",
    [
        painted(GREEN),
        painted(TABLE),
        painted(TABLE, (0.5, 0.25, 0.3, 0.15, GREEN), (0.5, 0.75, 0.3, 0.15, GREEN)),
        painted(
            (170, 120, 90), (0.0, 0.5, 0.5, 2.0, (110, 120, 150)), (0.5, 0.5, 0.36, 0.3, GREEN)
        ),
    ],
    ids=["full", "empty", "in pieces", "on many colours"],
)
def test_better_no_mask_than_a_wrong_one(picture: np.ndarray) -> None:
    assert cut_out(Image.fromarray(picture)) is None


def a_leaf_on_a_table() -> tuple[DrawnLeaf, torch.Tensor, torch.Tensor]:
    """The leaf, its photo (1, 3, 240, 240) and its mask (1, 1, 96, 96), both in [0, 1]."""
    for seed in range(40):
        drawn = draw_leaf("healthy", seed=seed, size=(240, 240))
        if mask := cut_out(drawn.photo):
            photo = torch.from_numpy(np.asarray(drawn.photo) / np.float32(255))
            leaf = torch.from_numpy(np.asarray(mask) / np.float32(255))
            return drawn, photo.permute(2, 0, 1)[None], leaf[None, None]
    raise AssertionError("no drawn leaf has a mask")


def test_a_leaf_on_a_table_is_laid_on_another_ground() -> None:
    """Where the drawn leaf is, its pixels stay; where it is not, they are the new ground."""
    torch.manual_seed(0)
    drawn, photo, mask = a_leaf_on_a_table()
    change = (on_grounds(photo, mask, 1.0) - photo).abs().mean(1)[0].numpy() * 255
    assert np.median(change[drawn.leaf]) < 5
    assert np.median(change[~drawn.leaf]) > 15


def test_some_grounds_are_black() -> None:
    torch.manual_seed(0)
    drawn, photo, mask = a_leaf_on_a_table()
    many = photo.expand(40, -1, -1, -1), mask.expand(40, -1, -1, -1)
    ground = on_grounds(*many, 1.0, black=0.25)[:, :, torch.from_numpy(~drawn.leaf)]
    assert 3 < int((ground.flatten(1).median(1).values == 0).sum()) < 20


def test_a_photo_without_a_mask_keeps_its_ground() -> None:
    _, photo, mask = a_leaf_on_a_table()
    assert torch.equal(on_grounds(photo, torch.zeros_like(mask), 1.0), photo)
