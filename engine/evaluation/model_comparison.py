"""Two models on the same photos: do they agree, and do they look at the same place?"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from engine.diagnostics import FloatMap
from engine.explainer import ClassMap, Explainer, Explanation, Request
from engine.photos.overlay import blend_map
from models.decode_size import decode_for
from pictures.photo_files import printable
from pictures.pixels import Pixels
from pictures.rendering.blend import upsample
from pictures.segmentation.masks import Mask

HOTTEST = 0.2
SIDE = 96


@dataclass(frozen=True)
class Overlap:
    """`iou`: of the hottest fifth of both maps, in [0, 1], 0.11 by chance; `correlation`: of all
    their pixels, in [-1, 1]. None for a map that is the same everywhere."""

    iou: float | None
    correlation: float | None


@dataclass(frozen=True)
class Comparison:
    """One photo: its label, empty without one; the likeliest class of each model with its
    confidence; the overlap of their maps, each of its own class; the pictures, uint8 RGB."""

    photo: Path
    label: str
    classes: tuple[str, str]
    confidences: tuple[float, float]
    overlap: Overlap
    pictures: tuple[Pixels, Pixels, Pixels]

    @property
    def agree(self) -> bool:
        return self.classes[0] == self.classes[1]

    def row(self) -> dict[str, Any]:
        """All but the pictures, for JSON."""
        return {
            "photo": printable(self.photo),
            "label": self.label,
            "classes": self.classes,
            "confidences": [round(value, 4) for value in self.confidences],
            "agree": self.agree,
            "iou": self.overlap.iou,
            "correlation": self.overlap.correlation,
        }


def map_overlap(one: ClassMap, other: ClassMap) -> Overlap:
    """How far two maps of one photo are hot in the same places."""
    first, second = (
        upsample(each.heatmap, SIDE, SIDE, each.box).astype(np.float64) for each in (one, other)
    )
    if first.std() < 1e-6 or second.std() < 1e-6:
        return Overlap(None, None)
    hot, too = (_hottest(each) for each in (first, second))
    iou = float((hot & too).sum() / (hot | too).sum())
    return Overlap(round(iou, 4), round(float(np.corrcoef(first.flat, second.flat)[0, 1]), 4))


def _hottest(heat: FloatMap) -> Mask:
    """The HOTTEST share of the pixels, no more and no less."""
    order = np.argsort(-heat, axis=None, kind="stable")
    chosen = np.zeros(heat.size, dtype=bool)
    chosen[order[: round(HOTTEST * heat.size)]] = True
    return chosen.reshape(heat.shape)


def compare_photo(first: Explainer, second: Explainer, path: Path, label: str) -> Comparison:
    """One photo through both models. Raises PhotoError for what is no whole photo, OSError for a
    file that cannot be read."""
    cards = first.card.preprocessing, second.card.preprocessing
    photo = decode_for(max(cards, key=lambda each: each.size), path.read_bytes())
    (one,), (other,) = (model.explain([photo], [Request()]) for model in (first, second))
    best = one.predictions[0], other.predictions[0]
    return Comparison(
        path,
        label,
        (best[0].class_name, best[1].class_name),
        (best[0].confidence, best[1].confidence),
        map_overlap(one.maps[0], other.maps[0]),
        (photo.pixels, _over(photo.pixels, one), _over(photo.pixels, other)),
    )


def _over(pixels: Pixels, made: Explanation) -> Pixels:
    shown = made.maps[0]
    return blend_map(pixels, shown.heatmap, box=shown.box)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Figures over the rows of comparisons: shares in [0, 1]; accuracies over labelled photos."""
    labelled = [row for row in rows if row["label"]]
    return {
        "photos": len(rows),
        "agreement": _mean(row["agree"] for row in rows),
        "labelled": len(labelled),
        "accuracy": [
            _mean(row["classes"][model] == row["label"] for row in labelled) for model in (0, 1)
        ],
        "iou": _mean(row["iou"] for row in rows if row["iou"] is not None),
        "correlation": _mean(row["correlation"] for row in rows if row["correlation"] is not None),
    }


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return round(fmean(found), 4) if found else None
