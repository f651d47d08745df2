"""A model that begins with what another one has learnt."""

from pathlib import Path, PurePosixPath
from urllib.error import URLError

import pytest
import torch
from torchvision.models import ResNet18_Weights, WeightsEnum, resnet18

from models.card_errors import CardError
from models.cards.card import Card
from models.cards.recipe import Training
from models.training.initial_weights import PUBLISHED, initial_network
from tests.engine.networks import network, save_model

OTHERS = ["Tea__healthy", "Tea__rust", "Tea__blight"]


def beginning_with(card: Card, *names: str, **changes: str) -> Card:
    return card.model_copy(update={"training": Training(start=names), **changes})


def test_for_the_same_classes_all_of_it_is_known(tmp_path: Path) -> None:
    card = save_model(tmp_path, first := network())
    model, new = initial_network(beginning_with(card, "tiny"), card.class_names)
    state = model.state_dict()
    assert all(torch.equal(state[name], known) for name, known in first.state_dict().items())
    assert not new


@pytest.mark.parametrize("names", [OTHERS, [f"Tea__{i}" for i in range(7)]], ids=["3", "7"])
def test_for_other_classes_the_last_layer_is_new(names: list[str], tmp_path: Path) -> None:
    card = save_model(tmp_path, first := network())
    model, new = initial_network(beginning_with(card, "tiny"), names)
    state, known = model.state_dict(), first.state_dict()
    changed = {name for name in state if not torch.equal(state[name], known[name])}
    assert changed == new == {"classifier.weight", "classifier.bias"}
    assert len(state["classifier.bias"]) == len(names)


def test_one_start_needs_no_list() -> None:
    assert Training.model_validate({"start": "tiny"}).start == ("tiny",)


def test_several_starts_are_their_mean(tmp_path: Path) -> None:
    card = save_model(tmp_path, first := network())
    save_model(tmp_path, second := network(seed=1), name="twin")
    model, _ = initial_network(beginning_with(card, "tiny", "twin"), card.class_names)
    mean = model.state_dict()
    one, two = first.state_dict(), second.state_dict()
    name = "classifier.weight"
    assert torch.allclose(mean[name], (one[name] + two[name]) / 2)
    assert not torch.allclose(mean[name], one[name])
    assert mean["block1.0.1.num_batches_tracked"] == 0


def test_several_starts_must_know_the_same_classes(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    save_model(tmp_path, network(classes=3), classes=3, name="twin")
    with pytest.raises(CardError, match=r"training\.start: tiny and twin know other classes"):
        initial_network(beginning_with(card, "tiny", "twin"), card.class_names)


def test_without_a_start_nothing_is_known(tmp_path: Path) -> None:
    card = save_model(tmp_path, first := network())
    model, new = initial_network(card, card.class_names)
    state, known = model.state_dict(), first.state_dict()
    assert not torch.equal(state["classifier.weight"], known["classifier.weight"])
    assert not new  # no layer is newer than another


def test_a_start_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    with pytest.raises(CardError, match=r"training\.start: unknown model 'nobody'"):
        initial_network(beginning_with(card, "nobody"), OTHERS)
    other = beginning_with(card, "tiny", architecture="resnet18")
    with pytest.raises(CardError, match="tiny is a cropshield_plain, not a resnet18"):
        initial_network(other, OTHERS)


def kept_by_torchvision(folder: Path, weights: WeightsEnum) -> Path:
    """Where torchvision keeps what it has downloaded."""
    file = folder / "hub/checkpoints" / PurePosixPath(weights.url).name
    file.parent.mkdir(parents=True)
    return file


def test_what_a_library_publishes_is_known_but_for_the_last_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    known = resnet18().state_dict()
    torch.save(known, kept_by_torchvision(tmp_path, ResNet18_Weights.DEFAULT))
    card = save_model(tmp_path, network())
    for name in ("resnet18", "torchvision:resnet18"):
        model, new = initial_network(beginning_with(card, PUBLISHED, architecture=name), OTHERS)
        state = model.state_dict()
        changed = {name for name in state if not torch.equal(state[name], known[name])}
        assert changed == new == {"fc.weight", "fc.bias"}


def test_what_is_not_published_or_cannot_be_had_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(url: str, *_: object, **__: object) -> None:
        raise URLError(f"no way to {url}")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", unreachable)
    card = save_model(tmp_path, network())
    with pytest.raises(CardError, match=r"start: nobody publishes weights of cropshield_plain"):
        initial_network(beginning_with(card, PUBLISHED), OTHERS)
    with pytest.raises(CardError, match=r"start: .*no way to https://"):
        initial_network(beginning_with(card, PUBLISHED, architecture="resnet18"), OTHERS)
    with pytest.raises(CardError, match=r"start: No pretrained weights exist"):
        initial_network(beginning_with(card, PUBLISHED, architecture="timm:botnet50ts_256"), OTHERS)
