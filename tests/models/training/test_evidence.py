"""models/training/evidence.py: what a class is read from, and how much of it is ground."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from models.architectures.registry import build
from models.card_errors import CardError
from models.cards.card import read_card
from models.cards.recipe import Training
from models.catalog import CARDS
from models.training.evidence import Evidence, evidence_of
from tests.models.card_files import write_card


def flat_network() -> tuple[nn.Module, nn.Linear]:
    """Its features are the input itself; class 1 is read from channel 1, class 0 from none."""
    last = nn.Linear(3, 2)
    last.weight.data = torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), last), last


def left_half(count: int) -> Tensor:
    leaves = torch.zeros(count, 1, 32, 32)
    leaves[..., :16] = 1
    return leaves


@torch.no_grad()
def test_the_share_is_that_of_the_map_beside_the_region() -> None:
    model, _ = flat_network()
    evidence = Evidence(model, 64)
    photos = torch.zeros(3, 3, 4, 4)
    photos[0, 1, 0, 0] = 3.0  # within
    photos[0, 1, 0, 3] = 1.0  # beside
    photos[0, 2, 0, 3] = 9.0  # beside, and nothing that the class is read from
    photos[1, 1, 1, 3] = 5.0
    model(photos)
    labels, regions = torch.tensor([1, 1]), left_half(2)
    assert evidence.share_outside(labels, regions).tolist() == pytest.approx([0.25, 1.0])
    regions[1] = 1
    assert evidence.share_outside(labels, regions).tolist() == pytest.approx([0.25, 0.0])


@torch.no_grad()
def test_a_cell_that_is_mostly_covered_is_within() -> None:
    model, _ = flat_network()
    evidence, photo = Evidence(model, 64), torch.zeros(1, 3, 2, 2)
    photo[0, 1, 0, 0] = 1.0
    model(photo)
    for covered, share in ((20, 0.0), (10, 0.5), (0, 1.0)):  # rows of the 32 that the cell has
        region = torch.zeros(1, 1, 64, 64)
        region[:, :, :covered] = 1
        assert float(evidence.share_outside(torch.tensor([1]), region)) == pytest.approx(share)


def test_following_it_takes_evidence_off_the_ground() -> None:
    torch.manual_seed(0)
    model = build("cropshield_cnn", 4)
    evidence, labels = Evidence(model, 64), torch.tensor([0, 1, 2, 3])
    photos, leaves = torch.randn(4, 3, 64, 64), left_half(4)
    optimizer, shares = torch.optim.Adam(model.parameters(), lr=1e-3), []
    for _ in range(12):
        model(photos)
        share = evidence.share_outside(labels, leaves).mean()
        shares.append(float(share.detach()))
        optimizer.zero_grad()
        share.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert shares[-1] < 0.8 * shares[0]


@pytest.mark.parametrize("name", ["cropshield_cnn", "resnet18", "efficientnet_b0"])
def test_every_bundled_network_can_be_followed(name: str) -> None:
    card = read_card(CARDS / f"{name}.toml")
    recipe = card.training.model_copy(update={"off_leaf": 0.2})
    model = build(card.architecture, 2)
    assert evidence_of(card.model_copy(update={"training": recipe}), model)
    assert model.training
    assert not evidence_of(card.model_copy(update={"training": Training()}), model)


@pytest.mark.parametrize(
    ("architecture", "why"),
    [
        ("torchvision:mobilenet_v3_small", "more than mean pooling and one linear layer ends it"),
        ("torchvision:densenet121", "it has no mean pooling"),
    ],
)
def test_a_network_that_ends_otherwise_is_named(
    tmp_path: Path, architecture: str, why: str
) -> None:
    (tmp_path / "classes.json").write_text('{"Apple__scab": 0, "Apple__healthy": 1}')
    path = write_card(tmp_path, "mine", architecture, more="[training]\noff_leaf = 0.2\n")
    card = read_card(path)
    with pytest.raises(CardError, match=rf"mine\.toml, line 12: training\.off_leaf: .*{why}"):
        evidence_of(card, build(architecture, 2))
