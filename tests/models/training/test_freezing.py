"""Parts of a network that stay as they begin."""

from pathlib import Path

import pytest
import torch

from models.card import Card
from models.card_errors import CardError
from models.recipe import Training
from models.training.prepare_network import freeze
from tests.engine.networks import network, save_model


def freezing(card: Card, *names: str) -> Card:
    return card.model_copy(update={"training": Training(start="tiny", frozen=names)})


def test_frozen_parts_stay_as_they_begin_and_the_rest_learns(tmp_path: Path) -> None:
    model = network().train()
    freeze(freezing(save_model(tmp_path, model), "block1", "block2.0"), model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    moving = [weight for weight in model.parameters() if weight.requires_grad]
    model(torch.rand(2, 3, 64, 64)).square().sum().backward()
    torch.optim.AdamW(moving, lr=0.1, weight_decay=0.1).step()
    after = model.train().state_dict()
    same = {name for name in after if torch.equal(before[name], after[name])}
    assert same == {name for name in after if name.startswith(("block1.", "block2.0."))}


def test_a_part_that_there_is_not_is_refused(tmp_path: Path) -> None:
    card = freezing(save_model(tmp_path, model := network()), "block9")
    with pytest.raises(CardError, match=r"training\.frozen: a cropshield_plain has no block9"):
        freeze(card, model)


def test_random_parts_are_not_frozen(tmp_path: Path) -> None:
    card = save_model(tmp_path, model := network())
    card = card.model_copy(update={"training": Training(frozen="block1")})
    with pytest.raises(
        CardError, match=r"training\.frozen: without a start these parts would stay"
    ):
        freeze(card, model)
