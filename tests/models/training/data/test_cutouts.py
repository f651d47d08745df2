"""models/training/data/cutouts.py: leaves are cut out whole, or not at all."""

import numpy as np
import pytest
from PIL import Image

from models.training.data.cutouts import cut_out, is_plain

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


@pytest.mark.parametrize(
    ("ground", "plain"),
    [((250, 250, 252), True), ((8, 8, 8), True), (TABLE, False), (GREEN, False)],
)
def test_white_and_black_are_plain_grounds(ground: Colour, plain: bool) -> None:
    leaf = (0.5, 0.5, 0.36, 0.3, GREEN)
    assert is_plain(Image.fromarray(painted(ground, leaf))) == plain
