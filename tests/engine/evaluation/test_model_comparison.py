"""Where two maps are hot."""

from typing import Any

import numpy as np
import pytest

from engine.evaluation.model_comparison import map_overlap, summary
from engine.explainer import ClassMap
from pictures.maps import WHOLE, Box, Map

RAMP = np.linspace(0, 1, 196, dtype=np.float32).reshape(14, 14)


def shown(heatmap: Map, box: Box = WHOLE) -> ClassMap:
    return ClassMap(0, "gradcam", heatmap, is_zero=False, peak=1.0, box=box)


def test_a_map_overlaps_itself_whatever_its_size() -> None:
    assert map_overlap(shown(RAMP), shown(RAMP)).iou == 1.0
    small = RAMP.reshape(7, 2, 7, 2).mean(axis=(1, 3))
    alike = map_overlap(shown(RAMP), shown(small))
    assert alike.iou is not None
    assert alike.correlation is not None
    assert alike.iou > 0.85
    assert alike.correlation > 0.99


def test_maps_are_compared_where_they_lie_on_the_photo() -> None:
    spot = np.zeros((14, 14), np.float32)
    spot[6, 6] = 1.0
    beside = Box(-1 / 14, 0.0, 13 / 14, 1.0)
    assert map_overlap(shown(spot), shown(np.roll(spot, 1, axis=1), beside)).iou == pytest.approx(
        1.0, abs=0.02
    )


def test_opposite_maps_do_not_overlap() -> None:
    opposite = map_overlap(shown(RAMP), shown(1 - RAMP))
    assert opposite.iou == 0.0
    assert opposite.correlation == pytest.approx(-1.0)


def test_a_flat_map_has_no_hottest_place() -> None:
    assert map_overlap(shown(RAMP), shown(np.ones_like(RAMP))).iou is None


def row(label: str, first: str, second: str, iou: float | None) -> dict[str, Any]:
    agree = first == second
    return {
        "label": label,
        "classes": (first, second),
        "agree": agree,
        "iou": iou,
        "correlation": iou,
    }


def test_accuracy_is_of_labelled_photos_and_agreement_of_all() -> None:
    found = summary([row("a", "a", "a", 0.5), row("a", "b", "a", 0.3), row("", "c", "c", None)])
    assert found["photos"] == 3
    assert found["labelled"] == 2
    assert found["agreement"] == pytest.approx(0.6667)
    assert found["accuracy"] == [0.5, 1.0]
    assert found["iou"] == pytest.approx(0.4)


def test_without_labels_there_is_no_accuracy() -> None:
    assert summary([row("", "c", "c", None)])["accuracy"] == [None, None]
