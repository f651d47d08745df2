"""augmentation/augment.py: what a photo may look like, and where its disease then is."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models.cards.card import Preprocessing
from models.cards.recipe import Stage, Training
from models.training.augmentation.augment import (
    CELL,
    FARTHEST,
    Augment,
    Views,
    random_scale,
    to_float_planes,
)
from models.training.data.training_set import TrainingBatch
from models.training.randomness import seed

AS_IT_IS = Preprocessing(mean=(0, 0, 0), std=(1, 1, 1))
NO_SCENES = torch.zeros(0, 8, 8, 3, dtype=torch.uint8)


def batch_of(photos: Tensor, leaves: Tensor | None = None, **known: Tensor) -> TrainingBatch:
    """`photos` uint8 (n, s, s, 3); masks uint8 (n, 96, 96, 1), by default empty."""
    n = len(photos)
    none = torch.zeros(n, 96, 96, 1, dtype=torch.uint8)
    known.setdefault("lesions", none)
    known.setdefault("plain", torch.zeros(n, dtype=torch.bool))
    leaves = none if leaves is None else leaves
    return TrainingBatch(
        photos=photos, leaves=leaves, labels=torch.zeros(n).long(), costs=torch.ones(n), **known
    )


def augmented(
    batch: TrainingBatch, plain: float = 0.0, scenes: Tensor = NO_SCENES, **recipe: Any
) -> Views:
    recipe = {"background": 0.0, "negatives": 0} | recipe
    stage = Stage(size=64, epochs=1, plain=plain)
    views: Views = Augment(AS_IT_IS, Training(**recipe))(batch, scenes, stage)
    return views


def a_block(count: int) -> Tensor:
    """Masks, uint8 (count, 96, 96, 1)."""
    masks = torch.zeros(count, 96, 96, 1, dtype=torch.uint8)
    masks[:, 20:50, 10:80] = 255
    return masks


def test_pictures_of_no_leaf_come_after_the_photos_and_drawn_scenes_last() -> None:
    seed(0)
    photos = torch.randint(0, 256, (4, 80, 80, 3), dtype=torch.uint8)
    white = torch.full((1, 40, 40, 3), 255, dtype=torch.uint8)
    made, regions = augmented(batch_of(photos), scenes=white, background=0.5, negatives=3)
    assert regions.shape == (4, 1, 64 // CELL, 64 // CELL)
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
    green = torch.tensor([60, 140, 50], dtype=torch.uint8).expand(60, 80, 80, 3)
    made = augmented(batch_of(green), plain=plain).pixels.mean((2, 3))
    kept = (made - to_float_planes(green).mean((2, 3))).abs().amax(1) < 0.025
    assert least <= int(kept.sum()) <= most


@pytest.mark.parametrize("known", ["leaves", "lesions"])
def test_the_region_goes_where_the_view_puts_the_leaf_or_the_lesion(known: str) -> None:
    torch.manual_seed(0)
    masks = a_block(40)
    photos = masks.expand(-1, -1, -1, 3)
    whole = torch.full_like(masks, 255)
    shown = {"leaves": masks} if known == "leaves" else {"leaves": whole, "lesions": masks}
    made, regions = augmented(batch_of(photos, **shown), plain=1.0)
    white = F.avg_pool2d(made.mean(1, keepdim=True), CELL)
    assert regions.mean() > 0.1
    assert ((white > 0.5) == (regions > 0.5)).float().mean() > 0.93
    assert regions[white > 0.99].min() > 0.9  # a region is a little larger


def test_a_photo_of_which_nothing_is_known_may_be_read_anywhere() -> None:
    photos = torch.randint(0, 256, (6, 80, 80, 3), dtype=torch.uint8)
    assert float(augmented(batch_of(photos)).regions.min()) == pytest.approx(1)


def test_a_leaf_before_plain_white_always_gets_another_ground() -> None:
    torch.manual_seed(0)
    masks = a_block(20)
    white = torch.full((20, 96, 96, 3), 255, dtype=torch.uint8)
    plain = torch.arange(20) % 2 == 0
    made, _ = augmented(batch_of(white, masks, plain=plain), plain=1.0)
    still_white = made.amin((1, 2, 3)) > 0.9
    assert torch.equal(still_white, ~plain)
