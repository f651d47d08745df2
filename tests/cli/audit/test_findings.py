"""What is found in photos that were looked at."""

import pytest

from cli.audit.advice import advice
from cli.audit.findings import Findings
from tests.cli.audit.leaves import looked

NAMES = ("Apple__scab", "Corn__common_rust", "Potato__healthy")


@pytest.fixture
def found() -> Findings:
    """Ten scabs, one of them taken for rust and most likely one; ten rusts, all recognised."""
    scabs = [looked(i, 0, 0, hot=90 + (i == 3)) for i in range(9)]
    rusts = [looked(20 + i, 1, 1, hot=100) for i in range(10)]
    return Findings([*scabs, looked(9, 0, 1, sure=0.97), *rusts], NAMES)


def test_figures_are_those_of_the_confusion_matrix(found: Findings) -> None:
    assert found.figures.confusion == ((9, 1, 0), (0, 10, 0), (0, 0, 0))
    assert found.figures.accuracy == 0.95
    assert [one.index for one in found.classes] == [0, 1]
    assert found.classes[0].figures.recall == 0.9
    assert found.confusions == [(0, 1, 1)]


def test_a_confident_mistake_is_a_likely_label_error(found: Findings) -> None:
    (error,) = found.label_errors
    assert (error.index, error.likely) == (9, 1)
    assert found.reasons[9][:2] == ["mistake", "label?"]


def test_the_odd_example_is_the_one_whose_heat_is_elsewhere(found: Findings) -> None:
    assert found.classes[0].odd[0] == 3
    assert 3 not in found.classes[0].typical


def test_heat_on_the_border_is_a_reason(found: Findings) -> None:
    assert "heat on the border" in found.reasons[9]
    assert "heat on the border" not in found.reasons[0]
    assert found.warned == {"edge": 1}


def test_the_same_photo_under_two_labels_is_told() -> None:
    twice = [looked(1, 0, 0), looked(1, 1, 1), looked(2, 0, 0)]
    found = Findings(twice, NAMES)
    assert found.duplicates == [[0, 1]]
    assert any("1 with different labels" in one.sentence for one in advice(found))


def test_what_to_look_at_first_says_the_numbers(found: Findings) -> None:
    told = " ".join(one.sentence for one in advice(found))
    assert "1 photo of 20 is taken for another class" in told
    assert "Apple: scab taken for Corn: common rust, 1 of 10 photos" in told
    assert "The weakest class: Apple: scab, 90% of 10 photos" in told
    assert "1 label may be wrong" in told


def test_a_class_with_a_habit_is_named() -> None:
    bordered = [looked(i, 1, 1, hot=0) for i in range(3)]
    found = Findings([*bordered, looked(9, 0, 0, hot=90)], NAMES)
    told = " ".join(one.sentence for one in advice(found))
    assert "3 photos with heat on the border, 3 of them taken for Corn: common rust" in told


def test_a_perfect_model_has_nothing_to_look_at() -> None:
    found = Findings([looked(i, i % 2, i % 2, sure=0.99, hot=90) for i in range(6)], NAMES)
    assert advice(found) == []
