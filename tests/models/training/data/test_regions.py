"""Where evidence for a class may lie on a training photo."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from models.training.data.regions import Known, evidence_regions, lesions_of
from pictures.segmentation.leaf_mask import SIDE
from tests.models.training.leaves import draw_folder, draw_outline, drawn


def block(*sides: int, top: int = 40) -> torch.Tensor:
    """Masks (n, 1, 96, 96), each with a square of this side."""
    masks = torch.zeros(len(sides), 1, SIDE, SIDE)
    for mask, side in zip(masks, sides, strict=True):
        mask[:, top : top + side, top : top + side] = 1
    return masks


def test_evidence_belongs_on_the_lesion_else_on_the_leaf_else_anywhere() -> None:
    """Grown by two cells for a lesion, by one for a leaf: outlines are rough."""
    regions = evidence_regions(block(30, 30, 0), block(4, 0, 0))
    assert regions[0].sum() == 8**2
    assert regions[1].sum() == 32**2
    assert regions[2].sum() == SIDE**2


def test_an_outline_is_found_again_and_small_spots_do_not_vanish(tmp_path: Path) -> None:
    table = draw_folder(tmp_path / "table", ["spots"], range(1))
    outline = draw_outline(tmp_path / "outlines", table, "spots", 0)
    photo = str(table / "train/Drawn__spots/table0.jpg")
    found = lesions_of(Known(photo, outline))
    assert np.array_equal(found[..., 0] > 0, drawn("spots", 0).lesions)
    large = tmp_path / "large.jpg", tmp_path / "large.png"
    Image.new("RGB", (960, 960)).save(large[0])
    mask = np.ones((960, 960), np.uint8)
    mask[300:320, 300:330] = 2  # two cells by three
    Image.fromarray(mask).save(large[1])
    assert (lesions_of(Known(str(large[0]), large[1])) > 0).sum() == 6


def test_nothing_is_known_without_an_outline_or_with_one_of_hardly_anything(
    tmp_path: Path,
) -> None:
    photo, outline = tmp_path / "a.jpg", tmp_path / "a.png"
    Image.new("RGB", (SIDE, SIDE)).save(photo)
    mask = np.ones((SIDE, SIDE), np.uint8)
    mask[5, 5:8] = 2
    Image.fromarray(mask).save(outline)
    assert not lesions_of(Known(str(photo), None)).any()
    assert not lesions_of(Known(str(photo), outline)).any()
