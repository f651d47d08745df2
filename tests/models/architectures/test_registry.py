"""Networks by name."""

import re
import sys

import pytest
import torch
from torch import nn

from models.architectures.registry import LIBRARIES, OURS, SHORT, build
from models.cards.card import ARCHITECTURE
from models.catalog import Catalog
from models.networks.weights import load_network


def multiplications(model: nn.Module, side: int) -> int:
    """Multiply-accumulates of the convolutions for one picture."""
    total = 0

    def count(module: nn.Module, _: object, output: torch.Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Conv2d)
        kernel = module.kernel_size[0] * module.kernel_size[1] * module.in_channels
        total += output.numel() * kernel // module.groups

    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    with torch.inference_mode():
        model.eval()(torch.zeros(1, 3, side, side))
    return total


@pytest.mark.parametrize("name", OURS)
def test_block4_ends_at_14_by_14_for_224_pixels(name: str) -> None:
    model = build(name, 32)
    block4 = model.get_submodule("block4")
    seen: list[torch.Size] = []
    block4.register_forward_hook(lambda _, __, output: seen.append(output.shape))
    with torch.inference_mode():
        logits = model.eval()(torch.zeros(1, 3, 224, 224))
    assert seen[0][2:] == (14, 14)
    assert logits.shape == (1, 32)


def test_the_default_costs_at_most_a_billion_multiplications() -> None:
    card = Catalog()["cropshield_cnn"]
    assert multiplications(load_network(card), card.preprocessing.size) <= 1_000_000_000


@pytest.mark.parametrize("name", sorted([*OURS, *SHORT]))
def test_each_architecture_has_as_many_outputs_as_classes(name: str) -> None:
    with torch.inference_mode():
        assert build(name, 5).eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 5)


@pytest.mark.parametrize("name", ["torchvision:squeezenet1_1", "timm:resnet10t"])
def test_every_classifier_of_two_libraries_can_be_built(name: str) -> None:
    with torch.inference_mode():
        assert build(name, 5).eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 5)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("vgg_of_mine", "'vgg_of_mine'.*cropshield_cnn.*torchvision:NAME"),
        ("torchvision:resnet81", 'torchvision has no classifier .*did you mean "resnet18"'),
        ("timm:resnet81", 'timm has no classifier .*did you mean "resnet'),
        ("timm:resnet10t.nobody", r"Invalid pretrained tag \(nobody\) for resnet10t"),
    ],
)
def test_an_unknown_architecture_names_the_known_ones(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build(name, 5)


def test_an_architecture_of_a_library_that_is_not_there_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ValueError, match=r"timm:resnet18 needs timm: pip install"):
        build("timm:resnet18", 5)


def test_a_card_takes_the_architectures_that_can_be_built() -> None:
    libraries = [f"{name}:resnet18" for name in LIBRARIES]
    assert all(re.match(ARCHITECTURE, name) for name in [*OURS, *SHORT, *libraries])
