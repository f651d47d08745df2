"""What the results of all photos say together."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from cli.audit.photos import AuditedPhoto
from cli.report.reasons import WARNING_LABELS
from engine.diagnostics import WARNINGS
from engine.evaluation.label_errors import LabelError, likely_label_errors
from engine.evaluation.metrics import (
    ClassificationMetrics,
    ClassMetrics,
    classification_metrics,
)
from models.verdicts.reliability import ReliabilityBin, reliability_diagram
from pictures.duplicates import groups, near_pairs
from pictures.maps import Map

EXAMPLES = 3
MISTAKE, LABEL, DUPLICATE, TYPICAL, ODD = (
    *("mistake", "label?", "near duplicate", "typical", "odd"),
)
REASONS = (MISTAKE, LABEL, *WARNING_LABELS, DUPLICATE, ODD, TYPICAL)


@dataclass(frozen=True)
class ClassFindings:
    """`mean_map`: of the photos rightly taken for the class, None without any. `typical` and
    `odd`: indices of those whose heat is most and least like it."""

    index: int
    figures: ClassMetrics
    confidence: float | None
    leaf_share: float | None
    mean_map: Map | None
    typical: list[int]
    odd: list[int]


@dataclass
class Findings:
    """Computed once, from photos that were explained. Numbers of photos are indices into
    `photos`."""

    photos: Sequence[AuditedPhoto]
    names: Sequence[str]
    extra: dict[int, list[str]] = field(default_factory=dict)

    @cached_property
    def figures(self) -> ClassificationMetrics:
        """The metrics, as `cropshield evaluate` shows them."""
        confidences = torch.from_numpy(np.stack([photo.confidences for photo in self.photos]))
        return classification_metrics(confidences, torch.from_numpy(self._labels), self.names)

    @cached_property
    def bins(self) -> tuple[ReliabilityBin, ...]:
        confidence = np.array([photo.confidence for photo in self.photos], np.float64)
        return reliability_diagram(confidence, np.array([photo.is_right for photo in self.photos]))

    @cached_property
    def met(self) -> list[int]:
        """Classes that are the label or the prediction of some photo."""
        return sorted(set(self._labels.tolist()) | set(self._predicted.tolist()))

    @cached_property
    def classes(self) -> list[ClassFindings]:
        """The findings of each class that has photos, by index."""
        figures = {one.name: one for one in self.figures.classes}
        return [
            self._class(index, figures[name])
            for index, name in enumerate(self.names)
            if name in figures
        ]

    @cached_property
    def confusions(self) -> list[tuple[int, int, int]]:
        """Label, prediction and how often, the most frequent first."""
        wrong = ((photo.label, photo.predicted) for photo in self.photos if not photo.is_right)
        return [
            (truth, predicted, count) for (truth, predicted), count in Counter(wrong).most_common()
        ]

    @cached_property
    def label_errors(self) -> list[LabelError]:
        confidences = np.stack([photo.confidences for photo in self.photos])
        return likely_label_errors(confidences, self._labels)

    @cached_property
    def duplicates(self) -> list[list[int]]:
        return groups(near_pairs([photo.hash for photo in self.photos]))

    @cached_property
    def reasons(self) -> list[list[str]]:
        """Why each photo is worth a look; empty for most."""
        found: dict[int, set[str]] = defaultdict(set)
        for index, photo in enumerate(self.photos):
            found[index] |= {WARNINGS[name].label for name in photo.warnings}
            found[index] |= set() if photo.is_right else {MISTAKE}
            found[index] |= set(self.extra.get(index, ()))
        for error in self.label_errors:
            found[error.index].add(LABEL)
        for name, indices in self._examples.items():
            for index in indices:
                found[index].add(name)
        order = [*REASONS, *sorted({one for own in self.extra.values() for one in own})]
        return [sorted(found[index], key=order.index) for index in range(len(self.photos))]

    @property
    def warned(self) -> Counter[str]:
        """How many photos have each warning."""
        return Counter(name for photo in self.photos for name in photo.warnings)

    @property
    def _examples(self) -> dict[str, list[int]]:
        return {
            DUPLICATE: [index for group in self.duplicates for index in group],
            TYPICAL: [index for one in self.classes for index in one.typical],
            ODD: [index for one in self.classes for index in one.odd],
        }

    @cached_property
    def _labels(self) -> npt.NDArray[np.int64]:
        return np.array([photo.label for photo in self.photos], np.int64)

    @cached_property
    def _predicted(self) -> npt.NDArray[np.int64]:
        return np.array([photo.predicted for photo in self.photos], np.int64)

    def _class(self, index: int, figures: ClassMetrics) -> ClassFindings:
        own = [photo for photo in self.photos if photo.label == index]
        shares = [photo.views[index].diagnostics.leaf_share for photo in own]
        known = [share for share in shares if share is not None]
        right = [
            i for i, photo in enumerate(self.photos) if photo.is_right and photo.label == index
        ]
        mean, order = self._by_likeness(index, right)
        return ClassFindings(
            index=index,
            figures=figures,
            confidence=float(np.mean([one.confidence for one in own])) if own else None,
            leaf_share=float(np.mean(known)) if known else None,
            mean_map=mean,
            typical=order[:EXAMPLES],
            odd=order[EXAMPLES:][-EXAMPLES:][::-1],
        )

    def _by_likeness(self, label: int, indices: Sequence[int]) -> tuple[Map | None, list[int]]:
        """The mean map, and the indices of the photos, the one whose map is most like it (cosine)
        first."""
        if not indices:
            return None, []
        maps = np.stack([self.photos[index].views[label].map for index in indices])
        mean: Map = maps.mean(axis=0)
        flat = maps.reshape(len(maps), -1)
        length = np.linalg.norm(flat, axis=1) * np.linalg.norm(mean)
        alike = flat @ mean.ravel() / np.maximum(length, 1e-9)
        return mean, [indices[i] for i in np.argsort(-alike, kind="stable")]
