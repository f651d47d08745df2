"""What clients may ask for is what the engine can do."""

from typing import get_args

import pytest

from api.schemas.jobs import (
    DiagnosticsView,
    ExplanationView,
    HeatmapView,
    PredictionView,
    ResultView,
)
from engine.cam.methods import METHODS
from engine.explainer import Explainer, Explanation, Request
from engine.photos.decode import Photo, decode
from jobs.records.options import MethodName
from models.card import Card
from models.catalog import Catalog
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
    for found in result["predictions"]:
        assert set(found) == set(PredictionView.model_fields)


def test_the_peak_is_what_the_map_was_divided_by(
    explained: tuple[Explanation, Photo, Card],
) -> None:
    explanation, photo, card = explained
    for told, found in zip(
        result_document(explanation, photo, card)["explanations"], explanation.maps, strict=True
    ):
        assert told["heatmap"]["peak"] == pytest.approx(found.peak, rel=1e-5)
        assert told["class_name"] == card.class_names[found.class_index]
