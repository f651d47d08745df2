"""Where on the photo the cells of a map lie."""

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from engine.cam.gradcam import GradCAM
from engine.cam.receptive_field import receptive_field_box
from engine.explainer import Explainer, Request
from engine.loading import load_weights
from engine.photos.decode import Photo
from engine.runtimes.folding import fold_batch_norms
from models.architectures.registry import build
from models.catalog import Catalog
from pictures.maps import WHOLE, Box
from pictures.rendering.blend import upsample

HALF = 31 / 64 / 7  # cells of 32 pixels that are centred on pixel 0 of their own, in parts of 224


def box(model: nn.Module, layer: str, height: int = 224, width: int | None = None) -> Box:
    inputs = torch.zeros(2, 3, height, width or height)
    return receptive_field_box(model, model.get_submodule(layer), inputs)


def square(left: float) -> Box:
    return Box(left, left, 1 + left, 1 + left)


def even(model: nn.Module) -> nn.Module:
    """The model, its kernels from now on such that weigh every place in their windows alike."""
    for part in model.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.constant_(part.weight, 1 / part.weight[0].numel())
    return model


@pytest.mark.parametrize(
    ("name", "layer", "left"),
    [
        ("resnet18", "layer4", -HALF),
        ("efficientnet_b0", "features", -HALF),
        ("mobilenet_v3_small", "features", -HALF),
        ("vgg11", "features", 0.0),  # halves by pooling two and two
        ("convnext_tiny", "features", 0.0),
        ("swin_t", "features", 0.0),  # no grid is known: as everybody draws it
        ("densenet121", "features", -1.5 / 224),  # -7.5 and 15.5 - 7.5 pixels, by its pools
    ],
)
def test_the_box_follows_from_strides_and_paddings(name: str, layer: str, left: float) -> None:
    made = box(even(torchvision.models.get_model(name)), layer)
    assert made == pytest.approx(square(left), abs=1e-6)


def test_padding_at_the_lower_right_moves_the_cells_to_it() -> None:
    timm = pytest.importorskip("timm")
    model = even(timm.create_model("tf_efficientnet_lite0"))
    assert box(model, "blocks") == pytest.approx(square(HALF))


class Sides(nn.Module):
    """Halves the rows alone, by windows that begin on the photo."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = nn.Conv2d(3, 4, (2, 1), stride=(2, 1))
        self.flat = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.flat(self.rows(nn.functional.pad(x, (3, 0, 0, 0))))
        return logits


def test_rows_and_columns_are_followed_by_themselves() -> None:
    assert box(even(Sides()), "rows", 8, 10) == pytest.approx(Box(-0.3, 0.0, 1.0, 1.0))


class Small(nn.Module):
    """A map of half the size, and another of it, `last`."""

    def __init__(self) -> None:
        super().__init__()
        self.small = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.last = nn.Conv2d(4, 4, 3, padding=1)
        self.flat = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.flat(self.last(self.larger(self.small(x))))
        return logits

    def larger(self, cells: torch.Tensor) -> torch.Tensor:
        return cells


class Learnt(Small):
    """Enlarged by kernels: no window that slides over the photo leads there."""

    def __init__(self) -> None:
        super().__init__()
        self.large = nn.ConvTranspose2d(4, 4, 2, stride=2)

    def larger(self, cells: torch.Tensor) -> torch.Tensor:
        large: torch.Tensor = self.large(cells)
        return large


class Repeated(Small):
    """Each cell twice across and twice down."""

    def larger(self, cells: torch.Tensor) -> torch.Tensor:
        return nn.functional.interpolate(cells, scale_factor=2, mode="nearest")


class Added(Small):
    """Two maps, one of which is moved by a cell: padded at its upper left alone."""

    def __init__(self) -> None:
        super().__init__()
        self.beside = nn.Conv2d(4, 4, 2)

    def larger(self, cells: torch.Tensor) -> torch.Tensor:
        moved: torch.Tensor = self.beside(nn.functional.pad(cells, (2, -1, 2, -1)))
        return moved + cells


def test_a_map_that_was_enlarged_by_kernels_is_taken_to_cover_the_photo() -> None:
    model = even(Learnt())
    assert box(model, "last", 16) == WHOLE
    assert box(model, "small", 16) == pytest.approx(square(-1 / 32))


def test_a_map_that_was_enlarged_by_repeating_covers_what_the_smaller_one_does() -> None:
    model = even(Repeated())
    assert box(model, "last", 16) == box(model, "small", 16) == pytest.approx(square(-1 / 32))


def test_a_map_that_is_added_up_lies_between_those_it_is_made_of() -> None:
    model = even(Added())
    assert box(model, "beside", 16) == pytest.approx(square(-1 / 32 - 1.5 / 8))
    assert box(model, "last", 16) == pytest.approx(square(-1 / 32 - 0.75 / 8))


def test_a_kernel_is_centred_on_its_weight_and_not_on_the_middle_of_its_window() -> None:
    model = Small()
    even(model)
    with torch.no_grad():
        kernels = model.small.weight
        kernels[..., 0, :] *= 2  # the rows weigh 4, 1 and 1
        kernels[..., :, 2] = 0  # of three columns two are left
    assert box(model, "small", 16) == pytest.approx(square(-1 / 32 - 0.5 / 16))


def test_a_kernel_without_weight_is_centred_on_its_middle() -> None:
    model = Small()
    even(model)
    nn.init.zeros_(model.small.weight)
    assert box(model, "small", 16) == pytest.approx(square(-1 / 32))


def test_a_norm_that_is_folded_into_its_kernels_moves_nothing() -> None:
    card = Catalog()["efficientnet_b0"]
    model = load_weights(card, torch.device("cpu"))
    plain = box(model, card.target_layer)
    assert plain == pytest.approx(box(fold_batch_norms(model.eval()), card.target_layer), abs=1e-5)


def test_a_photo_is_followed_once_for_each_layer_and_size() -> None:
    model, passes = Sides(), list[torch.Size]()
    model.register_forward_pre_hook(lambda _m, given: passes.append(given[0].shape))
    for side in (8, 8, 16, 8):
        box(model, "rows", side)
    assert [shape[-1] for shape in passes] == [8, 16]


def test_a_model_is_left_as_it_was() -> None:
    model = build("cropshield_cnn", 2).train()
    before = {name: x.clone() for name, x in model.state_dict().items()}
    box(model, "block4")
    assert model.training
    assert all(torch.equal(before[name], x) for name, x in model.state_dict().items())


@pytest.mark.parametrize("name", ["cropshield_cnn", "resnet18", "efficientnet_b0"])
def test_the_gradient_of_a_cell_is_centred_where_its_box_says(name: str) -> None:
    """Measured on the pixels themselves, with the weights that are served: where a change moves the
    middle cells most, within a quarter of a cell.

    Drawn over the photo their maps would lie up to 1.2 cells off, and where strides and paddings
    alone put them up to 0.6.
    """
    torch.manual_seed(0)
    card = Catalog()[name]
    side = card.preprocessing.size
    model, kept = load_weights(card, torch.device("cpu")).eval(), list[torch.Tensor]()
    layer = model.get_submodule(card.target_layer)
    layer.register_forward_hook(lambda _m, _i, output: kept.append(output))
    model(inputs := torch.randn(8, 3, side, side, requires_grad=True))
    cells = kept[0].shape[-1]
    found = receptive_field_box(model, layer, inputs[:1].detach())
    apart = []
    for row in (cells // 2 - 1, cells // 2):
        cell = (kept[0][..., row, row] * torch.randn(kept[0].shape[:2])).sum()
        (gradient,) = torch.autograd.grad(cell, inputs, retain_graph=True)
        weight = gradient.square().sum((0, 1))
        weight /= weight.sum()
        places = (torch.arange(side) + 0.5) / side * cells
        centre = float(weight.sum(0) @ places), float(weight.sum(1) @ places)
        apart.append(
            np.subtract(centre, np.multiply(found.centre(row, row, (cells, cells)), cells))
        )
    assert np.hypot(*np.mean(apart, axis=0)) < 0.25


def test_a_map_knows_its_box_in_the_library_and_in_the_service() -> None:
    card = Catalog()["resnet18"]
    model = even(build(card.architecture, len(card.class_names))).eval()
    cam = GradCAM(model, card.target_layer)
    assert cam.box(np.ones((7, 7), np.float32)) == WHOLE  # no map of its own yet
    heatmap = cam(torch.randn(1, 3, 224, 224))
    assert cam.box(heatmap) == pytest.approx(square(-HALF))
    grey = Photo(np.full((60, 80, 3), 120, np.uint8), 80, 60, "PNG")
    (made,) = Explainer(card, torch.device("cpu"), model=model).explain([grey], [Request()])
    assert made.maps[0].box == pytest.approx(square(-HALF))


def test_an_overlay_is_drawn_where_the_cells_are() -> None:
    cam = GradCAM(model := even(build("resnet18", 2)).eval(), "layer4")
    heatmap = np.zeros_like(cam(torch.randn(1, 3, 224, 224)))
    heatmap[3, 3] = 1.0
    drawn = cam.generate_heatmap_overlay(np.zeros((224, 224, 3), np.uint8), heatmap, "bone", 1.0)
    row, column = np.argwhere(drawn[..., 0] == drawn[..., 0].max()).mean(axis=0)
    assert (row, column) == pytest.approx((96, 96), abs=1)
    assert box(model, "layer4") != WHOLE


def test_cells_are_continued_to_the_edge() -> None:
    ramp = np.linspace(0, 1, 7, dtype=np.float32)[None].repeat(7, axis=0)
    large = upsample(ramp, 224, 224, square(-HALF))
    assert large[0, 0] == pytest.approx(0.0)
    assert large[0, 192:] == pytest.approx(1.0)
    assert np.diff(large[0]).min() >= 0
