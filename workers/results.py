"""From an explanation to a job's result: the record's JSON, and the blobs beside it."""

import io
from dataclasses import asdict
from typing import Any

import numpy as np

from engine.diagnostics import diagnose
from engine.explainer import ClassMap, Explanation, Prediction
from engine.photos.decode import Photo
from engine.photos.overlay import encode, render_overlay
from engine.photos.resize import stretch
from engine.regions import Region, hot_regions
from jobs.blobs import blob_names
from jobs.ports import Claim
from models.cards.card import Card
from models.cards.class_names import crop_and_disease, is_healthy
from models.verdicts.verdict import VERDICTS
from pictures.pixels import Pixels
from pictures.segmentation.affected_area import affected_share
from pictures.segmentation.leaf_mask import leaf_mask, shrink, single_leaf
from pictures.segmentation.masks import Mask


def draw_pictures(claim: Claim, photo: Photo, explanation: Explanation) -> dict[str, bytes]:
    """The photo, the maps, and an overlay of each map, by the names of their blobs, which carry the
    attempt."""
    options = claim.job.options
    pictures = {
        blob_names.PHOTO: photo.jpeg or encode(photo.pixels, "jpeg"),
        blob_names.maps_name(claim.attempt): _npy(explanation.maps),
    }
    for rank, found in enumerate(explanation.maps):
        overlay = render_overlay(
            photo.pixels,
            found.heatmap,
            options.colormap,
            options.alpha,
            blob_names.OVERLAY_LONG_SIDE,
            found.box,
        )
        name = blob_names.overlay_name(claim.attempt, rank, options.overlay_format)
        pictures[name] = encode(overlay, options.overlay_format)
    return pictures


def result_document(explanation: Explanation, photo: Photo, card: Card) -> dict[str, Any]:
    """The record's `result`. The leaf is looked for in the model's square, of which little is left
    to shrink; `photo` may be that square already."""
    small = shrink(stretch(photo.pixels, card.preprocessing.size))
    leaf = leaf_mask(small)
    return {
        "predictions": [_prediction(found) for found in explanation.predictions],
        "verdict": explanation.verdict,
        "score": explanation.score and round(explanation.score, 4),
        "affected_share": _affected_share(explanation, small, leaf),
        "explanations": [_map(found, leaf, card) for found in explanation.maps],
    }


def _affected_share(explanation: Explanation, small: Pixels, leaf: Mask | None) -> float | None:
    """None unless the model is confident of a disease: on anything else, what is not green is not
    diseased."""
    is_reliable = VERDICTS[explanation.verdict].is_reliable
    if not is_reliable or is_healthy(explanation.predictions[0].class_name):
        return None
    share = affected_share(small, single_leaf(small, leaf))
    return None if share is None else round(share, 4)


def _prediction(found: Prediction) -> dict[str, Any]:
    crop, disease = crop_and_disease(found.class_name)
    return {
        "class_index": found.class_index,
        "class_name": found.class_name,
        "crop": crop,
        "disease": disease,
        "confidence": round(found.confidence, 6),
    }


def _map(found: ClassMap, leaf: Mask | None, card: Card) -> dict[str, Any]:
    height, width = found.heatmap.shape
    name = card.class_names[found.class_index]
    return {
        "class_index": found.class_index,
        "class_name": name,
        "method": found.method,
        "target_layer": card.target_layer,
        "heatmap": {
            "width": width,
            "height": height,
            "peak": float(f"{found.peak:.6g}"),
            "box": found.box.to_dict(),
        },
        "is_zero": found.is_zero,
        "regions": [_region(region) for region in hot_regions(found.heatmap, found.box)],
        "diagnostics": asdict(diagnose(found.heatmap, leaf, is_healthy(name), found.box)),
    }


def _region(found: Region) -> dict[str, Any]:
    return {
        "box": found.box.to_dict(),
        "heat_share": round(found.heat_share, 4),
        "area": round(found.area, 5),
    }


def _npy(maps: tuple[ClassMap, ...]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.stack([found.heatmap for found in maps]).astype(np.float32))
    return buffer.getvalue()
