"""engine/cam/layers.py: which layer is explained, and what is wrong with a card's model."""

import json
from pathlib import Path

import pytest
import torch

from engine.cam.layers import last_layer, spatial_layers, validate_card
from engine.errors import WrongLayer
from models.architectures.registry import build
from models.card_errors import CardError
from models.cards.card import Card, file_sha256, read_card
from models.networks.weights import write_weights
from tests.engine.networks import network, save_model


@pytest.mark.parametrize(
    ("architecture", "layer"),
    [
        ("cropshield_cnn", "block4"),
        ("resnet18", "layer4"),
        ("torchvision:mobilenet_v3_small", "features"),
        ("timm:resnet10t", "layer4"),
    ],
)
def test_the_last_layer_with_maps_is_the_one_before_pooling(architecture: str, layer: str) -> None:
    model = build(architecture, 3)
    assert last_layer(model, 96) == layer
    assert not any(module._forward_hooks for module in model.modules())


def test_layers_come_with_the_size_of_their_maps() -> None:
    sizes = spatial_layers(build("cropshield_plain", 3), 224)
    assert sizes["block4"] == (192, 14, 14)
    assert sizes["block1"] == (32, 112, 112)
    assert "pool" not in sizes


def test_a_transformer_has_no_layer_that_could_be_chosen_for_it() -> None:
    with pytest.raises(WrongLayer, match="no layer of VisionTransformer gives feature maps"):
        last_layer(build("timm:vit_tiny_patch16_224", 3), 224)


def changed(card: Card, old: str, new: str) -> Card:
    text = card.path.read_text()
    assert old in text
    card.path.write_text(text.replace(old, new))
    return read_card(card.path)


def test_a_card_that_is_right_is_proved(tmp_path: Path) -> None:
    validate_card(save_model(tmp_path, network()))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"block4"', '"blok4"', r'line 8: target_layer: no layer "blok4"; did you mean "block4"\?'),
        ('"block4"', '"pool"', r"line 8: target_layer: .*shape \(1, 192, 1, 1\).*block4 \(192 x 4"),
        ('"cropshield_plain"', '"timm:nothing"', "line 4: architecture: timm has no classifier"),
        ('"cropshield_plain"', '"resnet18"', "line 5: weights: .*does not hold resnet18"),
        ("tiny.json", "absent.json", r"line 7: classes: .*absent\.json cannot be read"),
    ],
)
def test_a_card_that_is_not_is_refused_with_the_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    card = changed(save_model(tmp_path, network()), old, new)
    with pytest.raises(CardError, match=rf"tiny\.toml, {said}"):
        validate_card(card)


def test_another_number_of_classes_than_outputs_is_named(tmp_path: Path) -> None:
    card = save_model(tmp_path, network(classes=7))
    card.classes_path.write_text(json.dumps({f"Crop__{i}": i for i in range(6)}))
    said = r"line 7: classes: .*tiny\.json has 6 classes, but the weights have 7"
    with pytest.raises(CardError, match=said):
        validate_card(read_card(card.path))


def test_weights_that_give_no_numbers_are_refused(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    state = network().state_dict()
    write_weights(card.weights_path, state | {"classifier.bias": torch.full((7,), torch.nan)})
    card = changed(card, card.sha256, file_sha256(card.weights_path))
    with pytest.raises(CardError, match=r"line 5: weights: .*not numbers"):
        validate_card(card)


def test_an_input_size_that_the_model_does_not_take_is_named(tmp_path: Path) -> None:
    model = build("timm:vit_tiny_patch16_224", 7)
    card = save_model(tmp_path, model)
    card = changed(card, '"cropshield_plain"', '"timm:vit_tiny_patch16_224"')
    card = changed(card, '"block4"', '"patch_embed.proj"')
    with pytest.raises(CardError, match=r"line 11: preprocessing\.size: 64 px do not go through"):
        validate_card(card)
