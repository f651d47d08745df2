"""The requests of a batch: whether they can be answered, and which classes they mean."""

from collections.abc import Sequence

import numpy as np

from engine.cam.array_output import Array
from engine.cam.request_checks import check_class, check_method
from engine.errors import WrongInput
from engine.explanation import Prediction, Request
from engine.photos.decode import Photo

MAX_PREDICTIONS = 5
"""Predictions of a photo, at most."""


def check_requests(photos: Sequence[Photo], requests: Sequence[Request], classes: int) -> None:
    """Raises WrongClass, UnknownMethod or WrongInput for what a model of `classes` cannot
    answer."""
    if len(photos) != len(requests):
        raise WrongInput(f"{len(photos)} photos and {len(requests)} requests", "one each")
    for request in requests:
        check_method(request.method)
        if request.class_index is not None:
            check_class(request.class_index, classes)
        if request.top_k < 0:
            raise WrongInput(f"top_k {request.top_k}", "0 or more")


def top_predictions(confidence: Array, names: Sequence[str]) -> tuple[Prediction, ...]:
    """The most likely classes of a photo, best first; confidence: float32 (classes,)."""
    order = np.argsort(-confidence, kind="stable")[:MAX_PREDICTIONS].tolist()
    return tuple(Prediction(i, names[i], float(confidence[i])) for i in order)


def classes_to_explain(confidence: Array, requests: Sequence[Request]) -> list[list[int]]:
    """The classes to explain, photo by photo; confidence: float32 (photos, classes)."""
    order = np.argsort(-confidence, axis=1, kind="stable")
    rows = zip(order, requests, strict=True)
    chosen = [row[: request.top_k].tolist() for row, request in rows]
    for classes, request in zip(chosen, requests, strict=True):
        if request.class_index is not None and request.class_index not in classes:
            classes.append(request.class_index)
    return chosen
