"""models/verdicts/verdict.py and models/verdicts/prototypes.py: when an answer may be relied on."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.card_errors import CardError
from models.cards.calibration import Calibration, Temperature
from models.cards.card import Card
from models.verdicts.confidence import Array, confidences, temperatures_of
from models.verdicts.prototypes import Prototypes, read_prototypes, unit_length, write_prototypes
from models.verdicts.verdict import (
    DEFAULT_MARGIN,
    VERDICTS,
    Calibrator,
    Verdict,
    top_two_margins,
    verdict_of,
)
from tests.engine.networks import network, save_model

FIGURES = {"passed": 0.97, "confident": 0.9, "confident_right": 0.99, "ece": 0.01}
DOUBT = Calibration(
    not_a_leaf=0.2,
    unknown=0.3,
    margin=0.4,
    data="here",
    photos=9,
    **{"means": "means.npy", "means_sha256": "00", **FIGURES},
)
LIMITS = DOUBT.thresholds
ORDER = list(reversed(VERDICTS))
scores, shares = st.floats(-1, 1), st.floats(0, 1)


@given(scores, shares)
def test_the_score_goes_before_the_margin(score: float, margin: float) -> None:
    found = verdict_of(score, margin, LIMITS)
    assert (found == "not_a_leaf") == (score < 0.2)
    assert (found == "unknown") == (0.2 <= score < 0.3)
    assert (found == "low_margin") == (score >= 0.3 and margin < 0.4)


@given(scores, scores, shares, shares)
def test_more_score_and_more_margin_never_bring_a_worse_verdict(
    one: float, other: float, margin: float, wider: float
) -> None:
    less = verdict_of(min(one, other), min(margin, wider), LIMITS)
    more = verdict_of(max(one, other), max(margin, wider), LIMITS)
    assert ORDER.index(less) <= ORDER.index(more)


@given(scores, shares)
def test_a_model_without_a_table_goes_by_the_margin_alone(score: float, margin: float) -> None:
    expected = "confident" if margin >= DEFAULT_MARGIN else "low_margin"
    assert verdict_of(score, margin, None) == expected


def test_every_verdict_has_its_sentences_and_the_first_alone_is_reliable() -> None:
    assert set(VERDICTS) == set(get_args(Verdict))
    assert [name for name, text in VERDICTS.items() if text.is_reliable] == ["confident"]
    assert all(text.finding and text.advice for text in VERDICTS.values())
    marks = [text.label for text in VERDICTS.values() if not text.is_reliable]
    assert len(set(filter(None, marks))) == len(marks) == 3


def plain(means: Array) -> Prototypes:
    """Prototypes in a space in which all directions count alike."""
    channels = means.shape[1]
    return Prototypes(np.zeros(channels, np.float32), np.eye(channels, dtype=np.float32), means)


def test_the_nearest_class_mean_counts() -> None:
    means = np.eye(3, dtype=np.float32)[:2]
    seen = np.array([[3, 4, 0], [0, 0, 2]], np.float32)
    assert plain(means).similarity(unit_length(seen)).tolist() == pytest.approx([0.8, 0.0])


def test_directions_count_by_the_whitening() -> None:
    centre = np.array([0.5, 0, 0], np.float32)
    prototypes = Prototypes(
        centre, np.diag(np.array([1, 4, 1], np.float32)), np.array([[0, 1, 0]], np.float32)
    )
    seen = np.array([[1, 0.5, 0], [0.5, 0, 1]], np.float32)
    expected = [2 / (0.5**2 + 2**2) ** 0.5, 0.0]
    assert prototypes.similarity(seen).tolist() == pytest.approx(expected)


@given(st.floats(0.01, 100))
def test_a_brighter_answer_is_no_nearer(factor: float) -> None:
    seen = np.random.default_rng(0).random((2, 5), np.float32)
    brighter = seen * np.float32(factor)
    np.testing.assert_allclose(unit_length(brighter), unit_length(seen), atol=1e-5)


def test_confidences_are_softened_by_the_temperature() -> None:
    logits = np.array([[2, 0]], np.float32)
    warm = np.array([2], np.float32)
    assert confidences(logits, warm)[0, 0] == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-6)
    assert confidences(logits)[0, 0] == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-6)


def test_the_temperature_rises_as_the_score_falls() -> None:
    logits, scores = np.zeros((3, 2), np.float32), np.array([1, 0.5, -1], np.float32)
    found = temperatures_of(logits, scores, Temperature(0.5, rise=3.0))
    assert found.tolist() == pytest.approx([0.5, 1.25, 3.5])
    same = temperatures_of(logits, scores, DOUBT.temperatures)
    assert same.tolist() == [DOUBT.temperature] * 3


def test_the_temperature_rises_with_the_spread_of_the_logits() -> None:
    logits = np.array([[1, -1], [4, -4], [0, 0]], np.float32)
    found = temperatures_of(logits, np.ones(3, np.float32), Temperature(0.5, spread=0.5))
    assert found[:2].tolist() == pytest.approx([0.5, 1.0])
    assert 0 < found[2] < 0.001


def test_logits_of_wholly_the_same_spread_tell_nothing_by_their_length() -> None:
    logits = np.array([[3, 1, -1], [30, 10, -10]], np.float32)
    temperatures = temperatures_of(logits, np.ones(2, np.float32), Temperature(1.0, spread=1.0))
    short, long = confidences(logits, temperatures)
    np.testing.assert_allclose(short, long, atol=1e-6)


def test_the_margin_of_a_model_of_one_class_is_its_confidence() -> None:
    assert top_two_margins(np.ones((2, 1), np.float32)).tolist() == [1.0, 1.0]


@pytest.fixture
def calibrated(tmp_path: Path) -> Card:
    """Of a model whose two classes are the first two channels, of three."""
    card = save_model(tmp_path, network(classes=2), classes=2)
    content = write_prototypes(plain(np.eye(3, dtype=np.float32)[:2]))
    (tmp_path / "means.npy").write_bytes(content)
    doubt = DOUBT.model_copy(update={"means_sha256": hashlib.sha256(content).hexdigest()})
    return card.model_copy(update={"doubt": doubt})


def test_verdicts_are_those_of_each_photo(calibrated: Card) -> None:
    seen = np.array([[0.1, 0, 9], [9, 0, 0.1], [9, 0, 0.1]], np.float32)
    logits = np.array([[9, 0], [9, 0], [0.4, 0]], np.float32)
    found = Calibrator(calibrated)(logits, seen)
    assert found.verdicts == ["not_a_leaf", "confident", "low_margin"]


def test_the_same_logits_are_worth_less_on_a_stranger_photo(calibrated: Card) -> None:
    assert calibrated.doubt is not None
    doubt = calibrated.doubt.model_copy(update={"temperature_rise": 2.0})
    calibrate = Calibrator(calibrated.model_copy(update={"doubt": doubt}))
    found = calibrate(
        np.array([[2, 0], [2, 0]], np.float32), np.array([[9, 0, 0], [9, 0, 9]], np.float32)
    )
    (near, far), (most, less) = found.scores, found.confidences[:, 0]
    assert near is not None
    assert far is not None
    assert near > far
    assert most > less > 0.5


def test_means_of_another_layer_are_refused(calibrated: Card) -> None:
    with pytest.raises(CardError, match="3 channels, but block4 has 5; run cropshield calibrate"):
        Calibrator(calibrated)(np.zeros((1, 2), np.float32), np.ones((1, 5), np.float32))


def stored(card: Card, content: bytes) -> Card:
    """The card, with this as its file of prototypes."""
    assert card.doubt is not None
    card.weights_path.with_name(card.doubt.means).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return card.model_copy(update={"doubt": card.doubt.model_copy(update={"means_sha256": digest})})


def test_a_file_of_means_alone_is_read_as_it_always_was(calibrated: Card) -> None:
    buffer = BytesIO()
    np.save(buffer, np.array([[0, 2, 0]], np.float16))
    found = read_prototypes(stored(calibrated, buffer.getvalue()))
    assert found.similarity(np.array([[0.6, 0.8, 0]], np.float32)).tolist() == pytest.approx([0.8])


def test_what_is_written_is_read_again(calibrated: Card) -> None:
    rng = np.random.default_rng(0)
    centre, whitening, means = (rng.random(shape, np.float32) for shape in ((4,), (4, 4), (2, 4)))
    content = write_prototypes(Prototypes(centre, whitening, means))
    found = read_prototypes(stored(calibrated, content))
    np.testing.assert_allclose(found.whitening, whitening, atol=1e-3)
    np.testing.assert_allclose(found.means, unit_length(means), atol=1e-3)


@pytest.mark.parametrize(
    ("centre", "means", "message"),
    [
        ((3,), (4,), r"has shape \(4,\), not \(prototypes, channels\)"),
        ((3,), (2, 4), r"\(3,\) and \(4, 4\), which do not fit 4 channels"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    calibrated: Card, centre: tuple[int, ...], means: tuple[int, ...], message: str
) -> None:
    arrays = np.ones(centre, np.float32), np.eye(4, dtype=np.float32), np.ones(means, np.float32)
    with pytest.raises(CardError, match=message):
        read_prototypes(stored(calibrated, write_prototypes(Prototypes(*arrays))))


def test_what_is_no_array_is_refused(calibrated: Card) -> None:
    for content in (b"text", b"PK\3\4 no archive", b""):
        with pytest.raises(CardError, match="holds no array of means"):
            read_prototypes(stored(calibrated, content))


def test_means_that_are_missing_or_changed_are_refused(calibrated: Card) -> None:
    path = calibrated.weights_path.with_name("means.npy")
    path.write_bytes(b"changed")
    with pytest.raises(CardError, match=r"means_sha256: sha256 is .*, but means\.npy has"):
        Calibrator(calibrated)
    path.unlink()
    with pytest.raises(CardError, match=r"means\.npy is missing"):
        Calibrator(calibrated)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"temperature": 0}, "greater than 0"),
        ({"margin": 1.1}, "less than or equal to 1"),
        ({"not_a_leaf": 0.5}, "not_a_leaf 0.5 is above unknown 0.3"),
        ({"unknown": float("nan")}, "unknown\n  Input should be less"),
        ({"auroc": {"soil": 2}}, "less than or equal to 1"),
        ({"thresold": 1}, "Extra inputs"),
    ],
)
def test_a_wrong_table_is_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Calibration.model_validate(DOUBT.model_dump() | wrong)


def test_another_table_has_another_digest() -> None:
    assert DOUBT.digest == Calibration.model_validate(DOUBT.model_dump()).digest
    assert DOUBT.digest != DOUBT.model_copy(update={"margin": 0.41}).digest
