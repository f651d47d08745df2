"""What clients may ask for is what the engine can do."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from api.schemas.jobs import (
    DiagnosticsView,
    ExplanationView,
    HeatmapView,
    PredictionView,
    RegionView,
    ResultView,
)
from engine.cam.torch_methods import METHODS
from engine.explainer import Explainer, Explanation, Prediction, Request
from engine.photos.decode import Photo, decode
from engine.photos.overlay import encode
from jobs.records.options import MethodName
from models.cards.card import Card
from models.catalog import Catalog
from pictures.drawn_leaves.leaves import draw_leaf
from workers.results import result_document


@pytest.fixture(scope="module")
def explained(leaf_jpeg: bytes) -> tuple[Explanation, Photo, Card]:
    """Two classes of a drawn leaf, by the bundled model."""
    card, photo = Catalog()["cropshield_cnn"], decode(leaf_jpeg, 224)
    (explanation,) = Explainer.load(card, "cpu").explain([photo], [Request(top_k=2)])
    return explanation, photo, card


def test_methods_that_may_be_asked_for_are_those_of_the_engine() -> None:
    assert set(get_args(MethodName)) == set(METHODS)


def test_the_record_tells_what_the_api_promises(explained: tuple[Explanation, Photo, Card]) -> None:
    explanation, photo, card = explained
    result = result_document(explanation, photo, card)
    assert set(result) <= set(ResultView.model_fields)
    promised = {*ExplanationView.model_fields} - {"links"}
    for found in result["explanations"]:
        assert set(found) == promised
        assert set(found["heatmap"]) == set(HeatmapView.model_fields)
        assert set(found["diagnostics"]) == set(DiagnosticsView.model_fields)
        assert found["regions"]
        for region in found["regions"]:
            assert set(region) == set(RegionView.model_fields)
            RegionView.model_validate(region)
    for found in result["predictions"]:
        assert set(found) == set(PredictionView.model_fields) - {"links", "title"}


def test_the_peak_is_what_the_map_was_divided_by(
    explained: tuple[Explanation, Photo, Card],
) -> None:
    explanation, photo, card = explained
    for told, found in zip(
        result_document(explanation, photo, card)["explanations"], explanation.maps, strict=True
    ):
        assert told["heatmap"]["peak"] == pytest.approx(found.peak, rel=1e-5)
        assert told["class_name"] == card.class_names[found.class_index]


def test_a_share_of_the_leaf_is_told_of_a_disease_that_is_beyond_doubt_alone(
    explained: tuple[Explanation, Photo, Card],
) -> None:
    explanation, _, card = explained
    leaf = draw_leaf("blight", seed=3, size=(480, 360))
    photo = decode(encode(np.asarray(leaf.photo), "png"), 224)
    sick = tuple(Prediction(14, name, 0.9) for name in ("Potato__late_blight", "Potato__healthy"))
    sure = replace(explanation, verdict="confident", predictions=sick)

    def share(of: Explanation, photo: Photo = photo) -> float | None:
        told: float | None = result_document(of, photo, card)["affected_share"]
        return told

    assert share(sure) == pytest.approx(leaf.lesions.sum() / leaf.leaf.sum(), abs=0.1)
    assert share(replace(sure, predictions=sick[::-1])) is None, "healthy"
    assert share(replace(sure, verdict="low_margin")) is None
    assert share(sure, replace(photo, pixels=photo.pixels[90:270, 120:360])) is None, (
        "no whole leaf"
    )
