"""models/training/prepare_network.py: frozen parts, and depthwise convolutions in float32."""

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from models.architectures.registry import build
from models.card_errors import CardError
from models.cards.card import Card
from models.cards.recipe import Training
from models.training.prepare_network import freeze, keep_depthwise_exact
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


def kinds(model: nn.Module, x: torch.Tensor) -> dict[str, torch.dtype]:
    """What each convolution gives under autocast."""
    seen: dict[str, torch.dtype] = {}

    def note(name: str) -> None:
        model.get_submodule(name).register_forward_hook(
            lambda _, __, output: seen.__setitem__(name, output.dtype)
        )

    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            note(name)
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        model.eval()(x)
    return seen


def test_only_depthwise_convolutions_stay_in_float32() -> None:
    model = build("efficientnet_b0", 3)
    names = list(model.state_dict())
    keep_depthwise_exact(model)
    seen = kinds(copy.deepcopy(model), torch.rand(1, 3, 64, 64))
    for name, kind in seen.items():
        convolution = model.get_submodule(name)
        assert isinstance(convolution, nn.Conv2d)
        depthwise = convolution.groups > 1
        assert kind == (torch.float32 if depthwise else torch.bfloat16), name
    assert {torch.float32, torch.bfloat16} == set(seen.values())
    assert list(model.state_dict()) == names
