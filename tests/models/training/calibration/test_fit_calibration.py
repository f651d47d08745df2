"""calibration/fit_calibration.py: known answers are found again."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.evaluation.metrics import classification_metrics
from models.training.calibration.fit_calibration import (
    FittedCalibration,
    auroc,
    confident_share,
    fit_calibration,
    flagged_share,
)
from models.training.calibration.fit_prototypes import (
    cross_validated_scores,
    fit_prototypes,
    similarity,
)
from models.training.calibration.fit_temperature import confidences_of, fit_temperature
from models.training.calibration.fit_thresholds import RIGHT, fit_margin, margins_of
from models.training.calibration.outputs import LabelledOutputs, ModelOutputs
from models.verdicts.confidence import temperatures_of
from models.verdicts.reliability import expected_calibration_error


def answers(temperature: float, count: int = 6000, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Logits (count, 5) that are `temperature` times too large, and labels drawn by the honest
    ones."""
    rng = torch.Generator().manual_seed(seed)
    honest = torch.randn(count, 5, generator=rng) * 3
    labels = torch.multinomial(honest.softmax(dim=1), 1, generator=rng).flatten()
    return honest * temperature, labels


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_a_known_temperature_is_found_again(temperature: float) -> None:
    logits, labels = answers(temperature)
    found = fit_temperature(logits, labels, torch.ones(len(labels)))
    assert found.base == pytest.approx(temperature, rel=0.05)
    assert found.spread == 0
    confidence, best = confidences_of(logits, torch.ones(len(labels)), found).max(dim=1)
    assert expected_calibration_error(confidence.numpy(), (best == labels).numpy()) < 0.02


def test_a_temperature_that_rises_with_strangeness_is_found_again() -> None:
    """One temperature for all: answers on near photos are too careful, on far ones too sure."""
    logits, labels = answers(1.0)
    scores = torch.rand(len(labels), generator=torch.Generator().manual_seed(1))
    found = fit_temperature(logits * (0.5 * (1 + 2 * (1 - scores)))[:, None], labels, scores)
    assert found.base == pytest.approx(0.5, rel=0.1)
    assert found.rise == pytest.approx(2, rel=0.15)
    flat = fit_temperature(logits, labels, scores)
    assert flat.rise < 0.2


@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0])
def test_a_temperature_that_rises_with_the_spread_is_found_again(spread: float) -> None:
    """Logits that lie far apart by chance, and not because the answer is more certain."""
    rng = torch.Generator().manual_seed(1)
    logits = answers(1.0)[0] * (0.2 + 4 * torch.rand(6000, 1, generator=rng))
    honest = logits / logits.std(dim=1, correction=0, keepdim=True).pow(spread)
    labels = torch.multinomial(honest.softmax(dim=1), 1, generator=rng).flatten()
    found = fit_temperature(logits, labels, torch.ones(len(labels)))
    assert found.spread == spread


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    assert auroc(torch.tensor([3.0, 4.0]), torch.tensor([1.0, 2.0])) == 1
    assert auroc(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 3.0])) == pytest.approx(0.375)


def test_above_the_margin_answers_are_right() -> None:
    rng = torch.Generator().manual_seed(1)
    margins = torch.rand(5000, generator=rng)
    right = torch.rand(5000, generator=rng) < 0.5 + margins
    margin = fit_margin(margins, right)
    assert right[margins >= margin].double().mean() >= RIGHT
    assert right[margins >= margin - 0.1].double().mean() < RIGHT


def test_where_no_margin_helps_half_of_the_answers_stay_confident() -> None:
    margins = torch.linspace(0, 1, 100)
    margin = fit_margin(margins, torch.arange(100) % 2 == 0)
    assert (margins >= margin).sum() >= 50


def leaves(count: int = 3000) -> tuple[ModelOutputs, Tensor]:
    """Answers too sure by 2, features near one of five directions of twelve."""
    logits, labels = answers(2.0, count)
    noise = torch.randn(count, 12, generator=torch.Generator().manual_seed(3)) * 0.15
    return ModelOutputs(logits, F.normalize(torch.eye(12)[labels] + noise, dim=1)), labels


def of_one_folder(outputs: ModelOutputs, labels: Tensor) -> LabelledOutputs:
    return LabelledOutputs(outputs, labels, torch.zeros(len(labels)).long())


def test_prototypes_are_those_of_the_photos_trained_on() -> None:
    """Nothing need be held back then: no photo to be judged is among them."""
    many, few = (of_one_folder(*leaves(count)) for count in (3000, 40))
    found = fit_calibration(few, {"strange": many.outputs}, many)
    assert np.array_equal(found.prototypes.means, fit_prototypes(many).means)
    alone = fit_calibration(few, {})
    assert found.figures["unknown"] > alone.figures["unknown"]
    assert found.figures["photos"] == 40


def test_a_table_says_what_it_does() -> None:
    """Leaves pass as promised, and other pictures are told apart as the figures say."""
    known, labels = leaves()
    rng = torch.Generator().manual_seed(2)
    strange = F.normalize(torch.randn(200, 12, generator=rng), dim=1)
    others = {"noise": ModelOutputs(torch.zeros(200, 5), strange), "leaves": known}
    found = fit_calibration(of_one_folder(known, labels), others)
    figures = found.figures
    assert figures["temperature"] == pytest.approx(2, rel=0.05)
    scores = similarity(known.features, found.prototypes)
    confidences = confidences_of(known.logits, scores, found.temperature)
    judged = classification_metrics(confidences, labels, "abcde")
    assert figures["ece"] == pytest.approx(judged.ece, abs=5e-3), "a card has one such error"
    assert 0.895 <= figures["passed"] <= 0.98
    assert flagged_share(known, found) == pytest.approx(1 - figures["passed"], abs=0.005)
    assert confident_share(known, found) == pytest.approx(figures["confident"], abs=0.005)
    assert figures["confident_right"] >= RIGHT - 0.001
    assert figures["not_a_leaf"] < figures["unknown"]
    assert figures["auroc"]["noise"] > 0.95
    assert figures["auroc"]["leaves"] == pytest.approx(0.5, abs=0.01)
    assert flagged_share(others["noise"], found) > 0.8


def test_a_photo_does_not_vouch_for_itself() -> None:
    """Each is the only one of its class, so it is its own prototype, and like no other."""
    features = F.normalize(torch.randn(30, 40, generator=torch.Generator().manual_seed(4)), dim=1)
    photos = of_one_folder(ModelOutputs(torch.zeros(30, 30), features), torch.arange(30))
    own = similarity(features, fit_prototypes(photos))
    assert own.tolist() == pytest.approx([1.0] * 30, abs=1e-4)
    assert cross_validated_scores(photos).max() < 0.8


def test_what_varies_within_every_class_tells_nothing() -> None:
    """Two channels tell the classes, a third varies widely in both; a photo that is off in a fourth
    is strange, though no further off than photos of the classes are in the third."""
    rng = torch.Generator().manual_seed(5)
    labels = torch.arange(400) % 2
    features = torch.cat([F.one_hot(labels, 2), torch.zeros(400, 2)], dim=1).float()
    features[:, 2] = torch.randn(400, generator=rng)
    features += 0.05 * torch.randn(400, 4, generator=rng)
    outputs = ModelOutputs(torch.zeros(400, 2), F.normalize(features, dim=1))
    prototypes = fit_prototypes(of_one_folder(outputs, labels))
    usual, strange = F.normalize(torch.tensor([[1.0, 0, 0.8, 0], [1.0, 0, 0, 0.8]]), dim=1)
    scores = similarity(torch.stack([usual, strange]), prototypes)
    assert scores[0] > 0.9
    assert scores[1] < 0.7


def typical_temperature(outputs: ModelOutputs, found: FittedCalibration) -> float:
    scores = similarity(outputs.features, found.prototypes)
    return float(
        np.median(temperatures_of(outputs.logits.numpy(), scores.numpy(), found.temperature))
    )


def test_each_folder_counts_alike_and_has_prototypes_of_its_own() -> None:
    """A small folder from the field, whose answers are worse, beside a large one."""
    (lab, lab_labels), (field, field_labels) = leaves(3000), leaves(300)
    turned = ModelOutputs(field.logits / 2, field.features.roll(6, dims=1))
    both = ModelOutputs(
        torch.cat([lab.logits, turned.logits]), torch.cat([lab.features, turned.features])
    )
    labels = torch.cat([lab_labels, field_labels])
    folders = torch.cat([torch.zeros(3000), torch.ones(300)]).long()
    found = fit_calibration(LabelledOutputs(both, labels, folders), {})
    assert len(found.prototypes.means) == 10
    assert 1.0 < typical_temperature(both, found) < 2.0
    assert confident_share(lab, found) > 0
    scores = similarity(turned.features, found.prototypes)
    confidence = confidences_of(turned.logits, scores, found.temperature)
    margins, best = margins_of(confidence), confidence.argmax(dim=1)
    relied = (margins >= found.figures["margin"]) & (scores >= found.figures["unknown"])
    assert (best == field_labels)[relied].double().mean() >= RIGHT - 0.01
