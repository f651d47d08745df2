"""Every labelled photo, explained once. What is kept of it are numbers and two small maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cli.progress import Advance
from engine.batch_pipeline import BatchPipeline
from engine.diagnostics import Diagnostics, diagnose
from engine.evaluation.inference import decode_photo
from engine.explainer import ClassMap, Explainer, Explanation, Request
from engine.photos.decode import Photo
from models.cards.class_names import is_healthy
from pictures.duplicates import Hash, difference_hash
from pictures.maps import Box, Map
from pictures.segmentation.leaf_mask import leaf_mask
from pictures.segmentation.masks import Mask
from pictures.unreadable_photos import reason_of


@dataclass(frozen=True)
class ClassView:
    """The map of one class, float16 (h, w), the box that it covers, and its diagnostics."""

    heatmap: npt.NDArray[np.float16]
    box: Box
    diagnostics: Diagnostics

    @property
    def map(self) -> Map:
        return self.heatmap.astype(np.float32)


@dataclass(frozen=True)
class AuditedPhoto:
    """An explained photo of class `label`; `confidences`: float32 (classes,); `views`: of the
    predicted class and of the label. About 2 kB."""

    path: Path
    name: str
    label: int
    confidences: npt.NDArray[np.float32]
    views: dict[int, ClassView]
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
        """The best confidence minus the second best."""
        second, best = np.sort(self.confidences)[-2:]
        return float(best - second)

    @property
    def predicted_view(self) -> ClassView:
        """What speaks for the predicted class."""
        return self.views[self.predicted]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings of the predicted class's map."""
        return self.predicted_view.diagnostics.warnings


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo of a labelled folder, not explained yet."""

    path: Path
    name: str
    label: int


@dataclass(frozen=True)
class FailedPhoto:
    """A photo that could not be explained, and why."""

    path: Path
    reason: str


def explain_photos(
    explainer: Explainer, photos: Sequence[LabelledPhoto], batch: int, advance: Advance
) -> tuple[list[AuditedPhoto], list[FailedPhoto]]:
    """Explain every photo for its predicted class and for its label."""
    card = explainer.card
    pipeline = BatchPipeline(
        lambda photo: (photo, decode_photo(photo.path, card)),
        partial(_explain, explainer),
        lambda photo, loaded, found: _audited(photo, loaded[1], found, card.class_names),
        batch=batch,
    )
    explained: list[AuditedPhoto] = []
    failed: list[FailedPhoto] = []
    for photo, made in pipeline.run(photos):
        if isinstance(made, Exception):
            failed.append(FailedPhoto(photo.path, reason_of(made)))
        else:
            explained.append(made)
        advance()
    return explained, failed


def _explain(
    explainer: Explainer, loaded: Sequence[tuple[LabelledPhoto, Photo]]
) -> Sequence[Explanation]:
    requests = [Request(top_k=1, class_index=photo.label) for photo, _ in loaded]
    return explainer.explain([photo for _, photo in loaded], requests)


def _audited(
    given: LabelledPhoto, photo: Photo, found: Explanation, names: Sequence[str]
) -> AuditedPhoto:
    leaf = leaf_mask(photo.pixels)
    views = {one.class_index: _view(one, leaf, names) for one in found.maps}
    hashed = difference_hash(photo.pixels)
    return AuditedPhoto(given.path, given.name, given.label, found.confidences, views, hashed)


def _view(found: ClassMap, leaf: Mask | None, names: Sequence[str]) -> ClassView:
    healthy = is_healthy(names[found.class_index])
    diagnostics = diagnose(found.heatmap, leaf, healthy, found.box)
    return ClassView(found.heatmap.astype(np.float16), found.box, diagnostics)
