"""What a step of training makes smaller."""

from pathlib import Path

import pytest
import torch
from torch import nn

from models.cards.card import Card, read_card
from models.cards.recipe import Training
from models.training.augmentation.augment import Views
from models.training.augmentation.cutmix import LocatedLabels
from models.training.evidence import Evidence
from models.training.loss import Loss, share_outside_regions
from models.training.randomness import seed
from tests.models.card_files import write_card
from tests.models.training.test_evidence import flat_network, left_half

CPU = torch.device("cpu")


@pytest.fixture
def card(tmp_path: Path) -> Card:
    (tmp_path / "classes.json").write_text('{"Apple__scab": 0, "Apple__healthy": 1}')
    return read_card(write_card(tmp_path, "mine"))


def flat_evidence(*marks: tuple[int, int]) -> Evidence:
    """Of a pass over photos in which class 1 is read from a cell (row, column) each, of 4 x 4."""
    model, _ = flat_network()
    evidence, photos = Evidence(model, 64), torch.zeros(len(marks), 3, 4, 4)
    for photo, (row, column) in zip(photos, marks, strict=True):
        photo[1, row, column] = 1
    model(photos)
    return evidence


@torch.no_grad()
def test_evidence_at_the_wrong_place_costs_what_its_photo_says_at_the_mean() -> None:
    evidence = flat_evidence((0, 0), (0, 3), (0, 3), (2, 2))
    regions = left_half(4)
    regions[3] = 1  # may be read anywhere
    costs = torch.tensor([4.0, 4.0, 1.0, 1.0])
    part = LocatedLabels(torch.ones(4, dtype=torch.long), 1.0, regions, costs)
    assert float(share_outside_regions(evidence, [part])) == pytest.approx((0 + 4 + 1 + 0) / 4)


@torch.no_grad()
def test_of_a_blended_photo_each_class_counts_by_its_share() -> None:
    evidence = flat_evidence((0, 0))
    left, one = left_half(1), torch.ones(1)
    shown = torch.ones(1, dtype=torch.long)
    right_place, wrong_place = (
        LocatedLabels(shown, 0.7, left, one),
        LocatedLabels(shown, 0.3, 1 - left, one),
    )
    assert float(share_outside_regions(evidence, [right_place, wrong_place])) == pytest.approx(0.3)


@pytest.mark.parametrize("mix", [0.0, 1.0])
def test_the_loss_falls_when_it_is_followed(mix: float, card: Card) -> None:
    seed(0)
    recipe = Training(off_leaf=0.4, label_smoothing=0.05)
    card = card.model_copy(update={"training": recipe})
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, 4, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)
    )
    objective = Loss(card, card.class_names, model, CPU)
    labels = torch.tensor([0, 1, 0, 1])
    pixels = torch.randn(6, 3, 64, 64) + torch.tensor([0, 2, 0, 2, 1, 1])[:, None, None, None]
    views = Views(pixels, torch.ones(4, 1, 16, 16))
    optimizer, losses = torch.optim.Adam(model.parameters(), lr=0.01), []
    for _ in range(40):
        loss = objective(views, labels, torch.ones(4), mix)
        losses.append(float(loss.detach()))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert sum(losses[-8:]) < 0.9 * sum(losses[:8])


def test_targets_are_the_shares_of_the_classes_and_nothing_beside_leaves(card: Card) -> None:
    model, _ = flat_network()
    objective = Loss(card, ["a", "b"], model, CPU)
    regions, costs = torch.ones(2, 1, 4, 4), torch.ones(2)
    first = LocatedLabels(torch.tensor([0, 1]), 0.75, regions, costs)
    shown = objective.targets_of([first, LocatedLabels(torch.tensor([1, 1]), 0.25, regions, costs)])
    assert torch.equal(shown, torch.tensor([[0.75, 0.25], [0.0, 1.0]]))
    assert torch.equal(objective.even_targets(torch.zeros(1, 3, 4, 4)), torch.tensor([[0.5, 0.5]]))
