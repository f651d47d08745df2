"""Lesions that people outlined on the photos of a data folder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.card_errors import CardError
from models.training.data.data_folders import DataFolder
from pictures.errors import WrongMask
from pictures.segmentation.lesion_masks import LESION, read_lesion_mask
from pictures.segmentation.masks import Mask


def find_outlines(root: Path | None, folders: Sequence[DataFolder]) -> list[dict[str, Path]]:
    """For each folder its outlined training photos, each with its mask: `root`/train/Class/name.png
    for train/Class/name.jpg, or any other format of photo. Without a root there are none.

    Raises FileNotFoundError where `root` holds no mask, CardError for a mask of no photo, or of
    several.
    """
    if root is None:
        return [{} for _ in folders]
    masks = {path.relative_to(root).with_suffix(""): path for path in root.glob("train/**/*.png")}
    if not masks:
        raise FileNotFoundError(f"{root} has no outlines: looked for train/Crop__disease/name.png")
    found = [_outlined(folder, masks) for folder in folders]
    photos: dict[Path, list[str]] = {mask: [] for mask in masks.values()}
    for photo, mask in (pair for own in found for pair in own.items()):
        photos[mask].append(photo)
    for mask, named in photos.items():
        if len(named) != 1:
            belongs = f"several photos, {' and '.join(named)}" if named else "no photo"
            raise CardError(f"outline {mask} belongs to {belongs}")
    return found


def _outlined(folder: DataFolder, masks: dict[Path, Path]) -> dict[str, Path]:
    names = {
        photo: Path(photo).relative_to(folder.root).with_suffix("") for photo in folder.train.paths
    }
    return {photo: masks[name] for photo, name in names.items() if name in masks}


def read_lesions(mask: Path, size: tuple[int, int]) -> Mask:
    """True on the lesions that the mask of a photo of this width and height outlines, (h, w).

    Raises CardError for a mask that cannot be read, is of another size or has other values.
    """
    try:
        return np.asarray(read_lesion_mask(mask, size) == LESION)
    except WrongMask as error:
        raise CardError(f"outline {error}") from error
