"""Every labelled photo seen once: what is kept of it are numbers and two small maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cli.explain.run import said
from cli.progress import Advance
from engine.batch_pipeline import BatchPipeline
from engine.diagnostics import Diagnostics, diagnose, is_healthy
from engine.explainer import ClassMap, Explainer, Explanation, Request
from engine.photos.decode import Photo, decode
from pictures.blend import Box, Map
from pictures.duplicates import Hash, difference_hash
from pictures.leaf_mask import leaf_mask
from pictures.masks import Mask


@dataclass(frozen=True)
class View:
    """What speaks for one class: its map, float16 (h, w), what of the photo it stands for, and
    what it says."""

    heatmap: npt.NDArray[np.float16]
    box: Box
    diagnostics: Diagnostics

    @property
    def map(self) -> Map:
        return self.heatmap.astype(np.float32)


@dataclass(frozen=True)
class Looked:
    """A photo of class `label`; `confidences`: float32 (classes,); `views`: of the predicted
    class and of the label. About 2 kB."""

    path: Path
    name: str
    label: int
    confidences: npt.NDArray[np.float32]
    views: dict[int, View]
    hash: Hash

    @property
    def predicted(self) -> int:
        return int(self.confidences.argmax())

    @property
    def is_right(self) -> bool:
        return self.predicted == self.label

    @property
    def confidence(self) -> float:
        return float(self.confidences.max())

    @property
    def margin(self) -> float:
        """By how much the best class leads."""
        second, best = np.sort(self.confidences)[-2:]
        return float(best - second)

    @property
    def seen(self) -> View:
        """Why it was taken for what it was taken for."""
        return self.views[self.predicted]


@dataclass(frozen=True)
class Labelled:
    """A photo of a labelled folder, before it is seen."""

    path: Path
    name: str
    label: int


@dataclass(frozen=True)
class Failed:
    """A photo that could not be seen, and why."""

    path: Path
    reason: str


def look_at(
    explainer: Explainer, photos: Sequence[Labelled], batch: int, advance: Advance
) -> tuple[list[Looked], list[Failed]]:
    """Every photo; explained for its predicted class and for its label."""
    names, side = explainer.card.class_names, explainer.card.preprocessing.size
    flow = BatchPipeline(
        lambda photo: (photo, decode(photo.path.read_bytes(), min_side=side)),
        partial(_explain, explainer),
        lambda photo, loaded, found: _looked(photo, loaded[1], found, names),
        batch=batch,
    )
    seen: list[Looked] = []
    failed: list[Failed] = []
    for photo, made in flow.run(photos):
        if isinstance(made, Exception):
            failed.append(Failed(photo.path, said(made)))
        else:
            seen.append(made)
        advance()
    return seen, failed


def _explain(
    explainer: Explainer, loaded: Sequence[tuple[Labelled, Photo]]
) -> Sequence[Explanation]:
    requests = [Request(top_k=1, class_index=photo.label) for photo, _ in loaded]
    return explainer.explain([photo for _, photo in loaded], requests)


def _looked(given: Labelled, photo: Photo, found: Explanation, names: Sequence[str]) -> Looked:
    leaf = leaf_mask(photo.pixels)
    views = {one.class_index: _view(one, leaf, names) for one in found.maps}
    hashed = difference_hash(photo.pixels)
    return Looked(given.path, given.name, given.label, found.confidences, views, hashed)


def _view(found: ClassMap, leaf: Mask | None, names: Sequence[str]) -> View:
    healthy = is_healthy(names[found.class_index])
    said = diagnose(found.heatmap, leaf, healthy, found.box)
    return View(found.heatmap.astype(np.float16), found.box, said)
