"""Metrics of known predictions, and McNemar's test of two models."""

import numpy as np
import pytest
import torch

from engine.evaluation.metrics import classification_metrics, mcnemar
from models.verdicts.verdict import Verdict

NAMES = ("a", "b", "c")
LABELS = torch.tensor([0, 0, 0, 1])
SURE = torch.tensor(
    [[0.98, 0.01, 0.01], [0.98, 0.01, 0.01], [0.01, 0.98, 0.01], [0.01, 0.98, 0.01]]
)


def test_each_class_has_its_figures_the_worst_first() -> None:
    found = classification_metrics(SURE, LABELS, NAMES)
    assert found.accuracy == pytest.approx(0.75)
    assert found.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert found.confusion == ((2, 1, 0), (0, 1, 0), (0, 0, 0))
    assert [row.name for row in found.classes] == ["b", "a"]
    worst = found.classes[0]
    assert (worst.precision, worst.recall, worst.support) == (0.5, 1.0, 1)


def test_a_card_is_given_the_figures_rounded() -> None:
    shares = {"accuracy": 0.75, "macro_f1": 0.7333, "ece": 0.23}
    figures = classification_metrics(SURE, LABELS, NAMES).of_card()
    assert figures == shares | {"confident": 1.0, "confident_right": 0.75, "photos": 4}


def test_of_the_confident_answers_it_is_told_how_many_are_right() -> None:
    verdicts: list[Verdict] = ["confident", "confident", "unknown", "low_margin"]
    figures = classification_metrics(SURE, LABELS, NAMES, verdicts=verdicts)
    assert (figures.confident, figures.confident_right) == (0.5, 1.0)


def test_who_is_less_sure_is_no_less_right_and_better_calibrated() -> None:
    sure, cool = (
        classification_metrics(confidences, LABELS, NAMES)
        for confidences in (SURE, torch.lerp(SURE, torch.full((4, 3), 1 / 3), 0.3))
    )
    assert sure.accuracy == cool.accuracy
    assert cool.ece < sure.ece


def test_photos_are_dealt_to_whoever_got_them_right() -> None:
    first = np.array([1, 1, 1, 0, 0], bool)
    second = np.array([1, 0, 0, 1, 0], bool)
    found = mcnemar(first, second)
    assert (found.both, found.first_only, found.second_only, found.neither) == (1, 2, 1, 1)
    assert found.p_value == 1


def test_the_p_value_is_that_of_a_fair_coin() -> None:
    found = mcnemar(np.ones(10, bool), np.zeros(10, bool))
    assert found.p_value == pytest.approx(2 / 2**10)


def test_equal_models_differ_by_chance_alone() -> None:
    same = np.array([True, False, True])
    assert mcnemar(same, same).p_value == 1
