"""Our network, and the filters that it takes over."""

import sys

import pytest
import timm
import torch
from torch import Tensor, nn

from models.architectures.cropshield_cnn import LITE0, CropShieldCNN, from_efficientnet_lite
from models.architectures.registry import pretrained
from models.card import IMAGENET_MEAN, IMAGENET_STD
from tests.engine.networks import with_statistics


@pytest.fixture
def lite0() -> nn.Module:
    torch.manual_seed(0)
    return with_statistics(timm.create_model(LITE0, pretrained=False))


def alike(one: Tensor, other: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])


@torch.no_grad()
def test_it_sees_what_lite0_sees_on_the_turned_photo(lite0: nn.Module) -> None:
    photo = nn.functional.avg_pool2d(torch.rand(1, 3, 1024, 1024), 4)
    mean, deviation = (torch.tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
    x = lite0.get_submodule("bn1")(lite0.get_submodule("conv_stem")(photo * 2 - 1))
    y = ((photo - mean) / deviation).flip(-1, -2)
    ours = from_efficientnet_lite(lite0).eval()
    blocks = [ours.block1, ours.block2, ours.block3, *ours.block4[:2]]  # not the sixth stage
    for block, its in zip(blocks, lite0.get_submodule("blocks").children(), strict=False):
        x, y = its(x), block(y)
        mine = y.flip(-1, -2)
        assert mine.shape == x.shape
        middle = (..., slice(2, -2), slice(2, -2))  # at the border: what padding means
        assert alike(mine[middle], x[middle]) > 0.97


def test_a_start_with_what_timm_publishes_knows_all_but_the_last_layers(
    lite0: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def create(name: str, **wanted: object) -> nn.Module:
        asked.append((name, wanted))
        return lite0

    monkeypatch.setattr("timm.create_model", create)
    model = pretrained("cropshield_cnn")
    assert isinstance(model, CropShieldCNN)
    assert asked == [(LITE0, {"pretrained": True})]
    last = lite0.get_submodule("blocks.5.1.conv_pwl").state_dict()["weight"]
    assert torch.equal(model.state_dict()["block4.2.1.project.0.weight"], last)


def test_such_a_start_without_timm_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ValueError, match="needs timm: pip install"):
        pretrained("cropshield_cnn")
