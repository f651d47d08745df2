"""Small folders of drawn leaves, with outlines of their lesions."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from pictures.drawn_leaves.leaves import DrawnLeaf, draw_leaf

SIDE = 96


def drawn(kind: str, seed: int) -> DrawnLeaf:
    return draw_leaf(kind, seed=seed, size=(SIDE, SIDE))


def draw_folder(
    root: Path, kinds: Iterable[str], train: Iterable[int], val: Iterable[int] = (90, 91)
) -> Path:
    """train/ and val/ with a leaf for each seed of every class `Drawn__kind`."""
    for split, seeds in (("train", list(train)), ("val", list(val))):
        for kind in kinds:
            folder = root / split / f"Drawn__{kind}"
            folder.mkdir(parents=True)
            for seed in seeds:
                drawn(kind, seed).photo.save(folder / f"{root.name}{seed}.jpg")
    return root


def draw_outline(root: Path, data: Path, kind: str, seed: int) -> Path:
    """The mask of a training photo that `draw_folder` has drawn: 0 ground, 1 leaf, 2 lesion."""
    leaf = drawn(kind, seed)
    mask = leaf.leaf.astype(np.uint8)
    mask[leaf.lesions] = 2
    path = root / "train" / f"Drawn__{kind}" / f"{data.name}{seed}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path)
    return path
