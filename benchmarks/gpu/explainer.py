"""The explainer, as users call it, with the bundled model on a device: photos in memory in,
explanations out; and what it does when a batch does not fit."""

import statistics
from time import perf_counter
from typing import Any

import numpy as np
import torch

from benchmarks.gpu.floor import synchronize
from engine.explainer import Explainer, Explanation, Request
from engine.photos.decode import Photo
from engine.runtimes.base import Precision
from models.catalog import Catalog
from pictures.drawn_leaves.leaves import KINDS, draw_leaf

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
_TOLERANCE = 1e-3  # of maps in float32, as TF32 leaves them in batches of other sizes
_ROOM = 0.6  # of what the whole batch takes, so that one half fits


def squares(side: int, count: int) -> list[Photo]:
    """Drawn leaves in the model's size."""
    leaves = [np.asarray(draw_leaf(kind, 1, (side, side)).photo) for kind in KINDS]
    return [Photo(leaves[i % len(leaves)], side, side, "PNG") for i in range(count)]


def load(model: str, device: torch.device, precision: Precision) -> Explainer:
    """In torch, which a CPU would otherwise leave for the graph."""
    return Explainer.load(Catalog()[model], device, runtime="torch", precision=precision)


def measure(explainer: Explainer, batch: int, rounds: int) -> dict[str, Any]:
    """Medians in milliseconds, of the whole and of its parts, and photos a second."""
    photos = squares(explainer.card.preprocessing.size, batch)
    requests, taken, parts = [Request()] * batch, [], []
    for number in range(rounds + 1):
        start = perf_counter()
        made = explainer.explain(photos, requests)
        if number:  # the first one warms up
            taken.append(1000 * (perf_counter() - start))
            parts.append(made[0].timings)
    whole = statistics.median(taken)
    named = {
        name: round(statistics.median(getattr(one, name) for one in parts), 3)
        for name in ("prepare", "inference", "explain")
    }
    labels = {"model": explainer.card.id, "batch": batch, "precision": explainer.precision}
    return (
        labels | {"ms": round(whole, 3)} | named | {"photos_per_second": _per_second(batch, whole)}
    )


def _per_second(photos: int, milliseconds: float) -> float:
    return round(1000 * photos / milliseconds, 1)


def halve(model: str, device: torch.device, batch: int) -> dict[str, Any]:
    """Explain a batch with and without room for it: how often it was halved, and whether the
    explanations are the same."""
    explainer = load(model, device, "float32")
    photos, requests = squares(explainer.card.preprocessing.size, batch), [Request()] * batch
    halvings: list[int] = []
    explainer.on_out_of_memory = lambda: halvings.append(1)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    expected = explainer.explain(photos, requests)
    room = before + _ROOM * (torch.cuda.max_memory_allocated(device) - before)
    torch.cuda.empty_cache()
    whole = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(room / whole, device)
    try:
        found = explainer.explain(photos, requests)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)
    synchronize(device)
    apart = max(_apart(one, other) for one, other in zip(expected, found, strict=True))
    return {"batch": batch, "room_mib": round(room / 2**20), "halvings": len(halvings)} | {
        "maps_apart": round(apart, 6),
        "same": apart <= _TOLERANCE,
    }


def _apart(one: Explanation, other: Explanation) -> float:
    """The most that the map of the best class moved; 1 where another class is the best."""
    if one.predictions[0].class_index != other.predictions[0].class_index:
        return 1.0
    return float(np.abs(one.maps[0].heatmap - other.maps[0].heatmap).max())
