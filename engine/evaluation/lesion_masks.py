"""Photos with outlined lesions, and how well a model's maps fit the outlines."""

import glob
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from engine.evaluation.agreement import Agreement, agreement
from engine.evaluation.inference import decode_photo
from engine.evaluation.lesions import Localisation, Outline, measure, outline_of
from engine.explainer import Explainer
from engine.photos.resize import stretch
from models.card_errors import CardError
from models.cards.card import Card
from pictures.errors import WrongMask
from pictures.photo_files import SUFFIXES, is_hidden
from pictures.pixels import Pixels
from pictures.segmentation.affected_area import affected_share
from pictures.segmentation.leaf_mask import leaf_mask, shrink, single_leaf
from pictures.segmentation.lesion_masks import read_lesion_mask
from pictures.unreadable_photos import try_read


class OutlinedPhoto(NamedTuple):
    """A photo, its pixels as for serving, uint8 (h, w, 3); its outline; and the index of its true
    class."""

    pixels: Pixels
    outline: Outline
    class_index: int


class LesionFolder:
    """Masks `masks/Crop__disease/name.png`, sorted, and their photos: of the same class and name
    below `photos`, or beside the masks where no `photos` are given.

    After reading, `without_lesions` are the masks that were skipped because they show no lesion, or
    nothing else, and `unreadable` the photos that could not be read, by path, with the reason.
    """

    def __init__(self, masks: Path, photos: Path | None, class_names: Sequence[str]) -> None:
        """`class_names`: a model's. Raises WrongMask where there is no mask, or one without a photo
        or with several; CardError for a folder of another class."""
        found = sorted(path for path in masks.glob("*/*") if path.suffix.lower() == ".png")
        found = [path for path in found if not is_hidden(path.name)]
        if not found:
            raise WrongMask(f"{masks} has no masks: looked for Crop__disease/name.png in it")
        if strange := {path.parent.name for path in found} - set(class_names):
            raise CardError(f"the model has no class {', '.join(sorted(strange))}, but {masks} has")
        self._class_names = list(class_names)
        self._pairs = [(_photo_of(mask, photos), mask) for mask in found]
        self.without_lesions: list[Path] = []
        self.unreadable: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._pairs)

    def each(self, card: Card) -> Iterator[OutlinedPhoto]:
        """One photo after the other. Raises WrongMask for a mask that does not fit its photo."""
        self.without_lesions.clear()
        self.unreadable.clear()
        for path, mask in self._pairs:
            photo = try_read(partial(decode_photo, card=card), str(path))
            if isinstance(photo, str):
                self.unreadable[str(path)] = photo
            elif outline := outline_of(read_lesion_mask(mask, (photo.width, photo.height))):
                true = self._class_names.index(mask.parent.name)
                yield OutlinedPhoto(photo.pixels, outline, true)
            else:
                self.without_lesions.append(mask)


def judge_maps(
    explainer: Explainer, folder: LesionFolder, methods: Sequence[str]
) -> Iterator[dict[str, Localisation]]:
    """For each photo, the maps of its true class by each method, measured against its outline.

    Raises WrongMask for a mask that does not fit its photo.
    """
    count = len(methods)
    for photo in folder.each(explainer.card):
        forward, true = explainer.forward([photo.pixels]), photo.class_index
        right = int(forward.logits[0].argmax()) == true
        maps = forward.cams([0] * count, [true] * count, methods).maps
        yield {
            name: measure(heatmap, photo.outline, explainer.box, right=right)
            for name, heatmap in zip(methods, maps, strict=True)
        }


def agreement_on_affected_share(folder: LesionFolder, card: Card) -> Agreement | None:
    """How well `affected_share` agrees with the outlined share, over leaves that are outlined and
    can be told from the ground; None for fewer than two. Raises WrongMask for a mask that does not
    fit its photo."""
    found: list[tuple[float, float]] = []
    for photo in folder.each(card):
        lesions, leaf = photo.outline
        small = shrink(stretch(photo.pixels, card.preprocessing.size))
        share = None if leaf.all() else affected_share(small, single_leaf(small, leaf_mask(small)))
        if share is not None:
            found.append((share, float(lesions.sum() / leaf.sum())))
    return agreement(*zip(*found, strict=True)) if len(found) > 1 else None


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
