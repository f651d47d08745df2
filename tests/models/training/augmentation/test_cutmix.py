"""A rectangle of another photo, and which class is where."""

import pytest
import torch

from models.training.augmentation.cutmix import LocatedLabels, located_cutmix
from models.training.randomness import seed

CELLS, SIDE = 16, 64


def blended(number: int) -> tuple[torch.Tensor, torch.Tensor, list[LocatedLabels]]:
    """Photo i is i + 1 everywhere, shows class i, and may be read from its left half alone."""
    seed(number)
    photos = torch.arange(1.0, 5.0)[:, None, None, None].expand(4, 3, SIDE, SIDE)
    regions = torch.zeros(4, 1, CELLS, CELLS)
    regions[..., : CELLS // 2] = 1
    part = LocatedLabels(torch.arange(4), 1.0, regions, torch.tensor([1.0, 4.0, 1.0, 1.0]))
    return photos, *located_cutmix(photos, part)


@pytest.mark.parametrize("seed", range(6))
def test_evidence_for_each_class_belongs_where_its_photo_is(seed: int) -> None:
    photos, mixed, (first, second) = blended(seed)
    assert first.share + second.share == pytest.approx(1)
    assert 0.3**2 < second.share < 0.8**2
    for i in range(4):
        for part in (first, second):
            shown = mixed[i, 0] == photos[part.labels[i], 0, 0, 0]
            cells = shown.view(CELLS, 4, CELLS, 4).float().mean((1, 3))
            if first.labels[i] != second.labels[i]:
                assert float(cells.mean()) == pytest.approx(part.share)
                cells[:, CELLS // 2 :] = 0
                assert torch.equal(part.regions[i, 0], cells)
    assert torch.equal(second.costs, first.costs[second.labels])
