"""Pictures of a job out of its stored photo and maps, without the model. Blocks its thread."""

import io
import json
from collections.abc import Callable

import numpy as np

from api.problems.errors import InvalidRequest
from api.rendering.params import (
    ComparisonParams,
    HeatmapParams,
    MapParams,
    OverlayParams,
    explanation_index,
    explanations,
    target_size,
)
from jobs.blobs import blob_names
from jobs.ports import BlobStore
from jobs.records.job import Job
from languages.translator import Translator
from models.cards.class_names import class_title
from pictures.maps import Box, Map
from pictures.rendering import encoding
from pictures.rendering.blend import blend, levels
from pictures.sheets import LEGEND, labelled_grid, with_legend

PHOTO = "the photo"
_CELL, _NARROWEST = 320, 160  # pixels of a picture in a comparison, and of its label


class Renderer:
    """Renders what the worker did not store; every call raises BlobsFailed."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    def overlay(self, job: Job, params: OverlayParams, side: int) -> bytes:
        """The photo with one map on it. side: of the model's input, in pixels.

        Raises NoPicture, or InvalidRequest for a picture too long for its format.
        """
        data = self._blobs.get(job.id, blob_names.PHOTO)
        heatmap, box = self._map(job, params)
        kind = _kind(job, params)
        size = target_size(params.size, encoding.picture_size(data), job, side)
        if max(size) > encoding.LONGEST_SIDE[kind]:
            raise _too_long(max(size), kind)
        drawn = blend(encoding.read_picture(data, size), heatmap, *_colours(job, params), size, box)
        return encoding.encode(drawn, kind)

    def comparison(self, job: Job, params: ComparisonParams, translated: Translator) -> bytes:
        """The photo, then all explained classes, on one scale: that of the hottest."""
        photo = encoding.read_picture(self._blobs.get(job.id, blob_names.PHOTO), (_CELL, _CELL))
        name, alpha = _colours(job, params)
        cells = [(translated.text(PHOTO), photo)]
        maps = _on_one_scale(job, self._maps(job))
        for label, heatmap, box in zip(_labels(job, translated), maps, _boxes(job), strict=True):
            cells.append((label, blend(photo, heatmap, name, alpha, box=box)))
        side = min(_CELL, max(_NARROWEST, *photo.shape[:2]))
        ends = translated.text(LEGEND[0]), translated.text(LEGEND[1])
        sheet = with_legend(labelled_grid(cells, columns=len(cells), side=side), name, ends)
        return encoding.encode(sheet, _kind(job, params))

    def heatmap(self, job: Job, params: HeatmapParams) -> bytes:
        """One map as it is. Raises NoPicture for a class or rank that was not explained."""
        return _ENCODERS[params.format](*self._map(job, params))

    def _map(self, job: Job, params: MapParams) -> tuple[Map, Box]:
        """One map, and the box that it covers. Raises NoPicture."""
        at = explanation_index(job, params)
        return self._maps(job)[at], _boxes(job)[at]

    def _maps(self, job: Job) -> Map:
        """float32 (explanations, h, w) in [0, 1]."""
        data = self._blobs.get(job.id, blob_names.maps_name(job.attempts))
        maps: Map = np.load(io.BytesIO(data))
        return maps


def _kind(job: Job, params: ComparisonParams) -> str:
    return params.format or job.options.overlay_format


def _colours(job: Job, params: ComparisonParams) -> tuple[str, float]:
    alpha = job.options.alpha if params.alpha is None else params.alpha
    return params.colormap or job.options.colormap, alpha


def _labels(job: Job, translated: Translator) -> list[str]:
    """Confidence and class; a record of an older worker has no name of a class off the top."""
    result = job.result or {}
    best = {found["class_index"]: found for found in result["predictions"]}
    labels = []
    for found in explanations(job):
        index = found["class_index"]
        known = best.get(index, {})
        name = found.get("class_name") or known.get("class_name") or f"class {index}"
        title = translated.text(class_title(name))
        labels.append(f"{translated.percent(known['confidence'])} {title}" if known else title)
    return labels


def _on_one_scale(job: Job, maps: Map) -> Map:
    """Maps on a common scale: each times its peak, divided by the highest peak.

    Records of older workers have no peaks; each of their maps keeps a scale of its own.
    """
    peaks = np.array([found["heatmap"].get("peak", 1.0) for found in explanations(job)], np.float32)
    hottest = peaks.max(initial=0.0)
    scale = peaks / hottest if hottest > 0 else peaks
    scaled: Map = maps * scale[:, None, None]
    return scaled


def _boxes(job: Job) -> list[Box]:
    return [Box.of(found["heatmap"]) for found in explanations(job)]


def _too_long(side: int, kind: str) -> InvalidRequest:
    limit = encoding.LONGEST_SIDE[kind]
    message = f"the picture would be {side:,} pixels long; a {kind} has at most {limit:,}"
    return InvalidRequest([{"field": "size", "message": message}])


def _png(heatmap: Map, _: Box) -> bytes:
    return encoding.encode_grey(levels(heatmap))


def _npy(heatmap: Map, _: Box) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, heatmap)
    return buffer.getvalue()


def _json(heatmap: Map, box: Box) -> bytes:
    height, width = heatmap.shape
    rows = [[round(float(value), 5) for value in row] for row in heatmap]
    return json.dumps(
        {"width": width, "height": height, "box": box.to_dict(), "rows": rows}
    ).encode()


_ENCODERS: dict[str, Callable[[Map, Box], bytes]] = {"png": _png, "npy": _npy, "json": _json}
