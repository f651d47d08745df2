"""Photos that are nearly the same."""

import io

import numpy as np
import pytest
from PIL import Image

from pictures.drawn_leaves.leaves import KINDS, draw_leaf
from pictures.duplicates import Pair, difference_hash, groups, near_pairs


@pytest.fixture(scope="module")
def leaf() -> Image.Image:
    return draw_leaf("blight", seed=5).photo


def _again(photo: Image.Image, change: str) -> Image.Image:
    if change == "smaller":
        return photo.resize((200, 150))
    if change == "compressed":
        stream = io.BytesIO()
        photo.save(stream, "JPEG", quality=20)
        return Image.open(stream)
    if change == "cropped":
        return photo.crop((6, 4, photo.width - 6, photo.height - 4))
    return photo.transpose(Image.Transpose[change])


@pytest.mark.parametrize(
    "change", ["smaller", "compressed", "cropped", "FLIP_LEFT_RIGHT", "ROTATE_90", "TRANSVERSE"]
)
def test_a_changed_copy_is_a_duplicate(leaf: Image.Image, change: str) -> None:
    copy = np.asarray(_again(leaf, change).convert("RGB"))
    hashes = [difference_hash(np.asarray(leaf)), difference_hash(copy)]
    (pair,) = near_pairs(hashes)
    assert pair[:2] == (0, 1)


def test_other_leaves_are_no_duplicates() -> None:
    photos = [np.asarray(draw_leaf(kind, seed=i).photo) for i, kind in enumerate(KINDS)]
    assert near_pairs([difference_hash(photo) for photo in photos]) == []


def test_without_photos_there_are_no_duplicates() -> None:
    assert near_pairs([]) == []
    assert groups([]) == []


def test_pairs_that_share_a_photo_are_one_group() -> None:
    pairs = [Pair(7, 9, 0), Pair(1, 2, 3), Pair(2, 5, 4)]
    assert groups(pairs) == [[1, 2, 5], [7, 9]]
