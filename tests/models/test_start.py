"""A model that begins with what another one has learnt."""

from pathlib import Path

import pytest
import torch

from models.catalog import Card, CardError, Training
from models.training.start import begun
from tests.engine.networks import network, save_model

OTHERS = ["Tea__healthy", "Tea__rust", "Tea__blight"]


def beginning_with(card: Card, name: str, **changes: str) -> Card:
    return card.model_copy(update={"training": Training(start=name), **changes})


def test_for_the_same_classes_all_of_it_is_known(tmp_path: Path) -> None:
    card = save_model(tmp_path, first := network())
    model = begun(beginning_with(card, "tiny"), card.class_names).state_dict()
    assert all(torch.equal(model[name], known) for name, known in first.state_dict().items())


@pytest.mark.parametrize("names", [OTHERS, [f"Tea__{i}" for i in range(7)]], ids=["3", "7"])
def test_for_other_classes_the_last_layer_is_new(names: list[str], tmp_path: Path) -> None:
    card = save_model(tmp_path, first := network())
    model = begun(beginning_with(card, "tiny"), names).state_dict()
    known = first.state_dict()
    new = {name for name in model if not torch.equal(model[name], known[name])}
    assert new == {"classifier.weight", "classifier.bias"}
    assert len(model["classifier.bias"]) == len(names)


def test_without_a_start_nothing_is_known(tmp_path: Path) -> None:
    card = save_model(tmp_path, first := network())
    model, known = begun(card, card.class_names).state_dict(), first.state_dict()
    assert not torch.equal(model["classifier.weight"], known["classifier.weight"])


def test_a_start_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    with pytest.raises(CardError, match=r"training\.start: unknown model 'nobody'"):
        begun(beginning_with(card, "nobody"), OTHERS)
    other = beginning_with(card, "tiny", architecture="resnet18")
    with pytest.raises(CardError, match="tiny is a cropshield_cnn, not a resnet18"):
        begun(other, OTHERS)
