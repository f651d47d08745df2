"""models/training/augmentation/background.py: leaves are laid on other grounds."""

import numpy as np
import pytest
import torch

from models.training.augmentation.background import on_grounds, photo_grounds
from models.training.data.cutouts import cut_out
from pictures.drawn_leaves.leaves import DrawnLeaf, draw_leaf

SIDE = 240


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


def test_each_photo_may_have_a_chance_of_its_own() -> None:
    torch.manual_seed(0)
    _, photo, mask = a_leaf_on_a_table()
    many = photo.expand(6, -1, -1, -1), mask.expand(6, -1, -1, -1)
    laid = on_grounds(*many, torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0, 0.0]))
    assert [torch.equal(own, photo[0]) for own in laid] == [True, False, True, False, False, True]


def test_grounds_are_blurred_photos_of_the_batch_that_no_leaf_can_be_cut_out_of() -> None:
    """A field of its own colour each, and the leaf on a table, which is no ground for others."""
    torch.manual_seed(0)
    _, photo, mask = a_leaf_on_a_table()
    red, blue = (
        torch.tensor(rgb)[:, None, None].expand(3, SIDE, SIDE) for rgb in ((1.0, 0, 0), (0, 0, 1.0))
    )
    photos, masks = torch.stack([photo[0], red, blue]), torch.zeros(3, 1, 96, 96)
    masks[0] = mask[0]
    grounds = photo_grounds(photos, masks, 24)
    assert grounds.shape == (24, 3, SIDE, SIDE)
    colours = {tuple(ground.mean((1, 2)).round(decimals=2).tolist()) for ground in grounds}
    assert colours == {(1.0, 0.0, 0.0), (0.0, 0.0, 1.0)}
    laid = on_grounds(photos, masks, 1.0, borrowed=1.0)
    assert float(laid[0, :, 4, 4].max()) == pytest.approx(1)
    assert torch.equal(laid[1:], photos[1:])


def test_a_borrowed_ground_shows_no_spots() -> None:
    torch.manual_seed(0)
    dots = (torch.rand(1, 3, SIDE, SIDE) > 0.9).float()
    grounds = photo_grounds(dots, torch.zeros(1, 1, 96, 96), 1)
    assert float(grounds.std()) < 0.6 * float(dots.std())


def test_without_such_a_photo_grounds_are_drawn() -> None:
    torch.manual_seed(0)
    _, photo, mask = a_leaf_on_a_table()
    grounds = photo_grounds(photo, mask, 3)
    assert grounds.shape == (3, 3, SIDE, SIDE)
    assert float(grounds.std()) > 0
