"""Photos whose lesions somebody outlined, and what a model's maps make of them."""

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from engine.errors import WrongMask
from engine.explainer import Explainer
from engine.heat import heat
from engine.judging.lesions import Localisation, Outline, measure, outline_of
from engine.judging.served import read_photo
from models.faults import CardError
from pictures.header import SUFFIXES


class OutlinedPhoto(NamedTuple):
    """A photo of `class_name`, "Crop__disease", and the PNG that says where its lesions are."""

    photo: Path
    mask: Path
    class_name: str


def find_outlined(
    masks: Path, photos: Path | None, class_names: Sequence[str]
) -> list[OutlinedPhoto]:
    """Every mask `masks/Crop__disease/name.png`, sorted, with the photo of the same class and name
    below `photos`; beside the mask where no `photos` are given.

    Raises WrongMask where there is no mask, or one without a photo or with several; CardError
    for a folder of another class.
    """
    found = sorted(path for path in masks.glob("*/*") if path.suffix.lower() == ".png")
    if not found:
        raise WrongMask(f"{masks} has no masks: looked for Crop__disease/name.png in it")
    if strange := {path.parent.name for path in found} - set(class_names):
        raise CardError(f"the model has no class {', '.join(sorted(strange))}, but {masks} has")
    return [OutlinedPhoto(_photo_of(mask, photos), mask, mask.parent.name) for mask in found]


def read_outline(mask: Path, width: int, height: int) -> Outline | None:
    """The outline in a mask of a photo of this size; None where it shows no lesion, or nothing
    else. Raises WrongMask that names the file."""
    try:
        with Image.open(mask) as picture:
            kind, size, pixels = picture.mode, picture.size, np.asarray(picture)
    except (OSError, SyntaxError) as error:  # Pillow's, for a broken PNG
        raise WrongMask(f"mask {mask} cannot be read: {error}") from error
    if kind not in ("L", "P"):
        raise WrongMask(f"mask {mask} is a PNG of mode {kind}; needed is one byte a pixel, L or P")
    if size != (width, height):
        said = f"is {size[0]} x {size[1]} pixels, but its photo {width} x {height}"
        raise WrongMask(f"mask {mask} {said}")
    try:
        return outline_of(pixels)
    except WrongMask as error:
        raise WrongMask(f"{mask}: {error}") from error


def judge_outlined(
    explainer: Explainer, outlined: Sequence[OutlinedPhoto], methods: Sequence[str]
) -> Iterator[dict[str, Localisation]]:
    """Photo by photo the map of its true class by each method, against its outline; photos whose
    mask shows no lesion, or nothing else, are left out. Raises WrongMask or PhotoError."""
    for one in outlined:
        photo = read_photo(one.photo, explainer.card.preprocessing.size)
        outline = read_outline(one.mask, photo.width, photo.height)
        if outline is None:
            continue
        seen = explainer.look([photo.pixels])
        true = explainer.card.class_names.index(one.class_name)
        right = int(seen.logits[0].argmax()) == true
        made = heat(seen, [0] * len(methods), [true] * len(methods), methods)
        yield {
            name: measure(heatmap, outline, explainer.box, right=right)
            for name, heatmap in zip(methods, made.maps, strict=True)
        }


def _photo_of(mask: Path, photos: Path | None) -> Path:
    folder = mask.parent if photos is None else photos / mask.parent.name
    named = [
        path
        for path in sorted(folder.glob(f"{glob.escape(mask.stem)}.*"))
        if path.stem == mask.stem and path.suffix.lower() in SUFFIXES and path != mask
    ]
    if len(named) != 1:
        found = (
            f"several photos, {', '.join(path.name for path in named)}," if named else "no photo"
        )
        raise WrongMask(f"mask {mask} has {found} of its name in {folder}")
    return named[0]
