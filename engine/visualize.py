"""Overlays and grids in one call each."""

from collections.abc import Callable, Sequence
from pathlib import Path

from torch import nn

from engine.device import Device, bare
from engine.errors import WrongInput, WrongLayer
from engine.gradcam import GradCAM, find_layer
from engine.overlay import DEFAULT_COLORMAP, save_picture
from engine.predict import ImageInput, Transform, as_input
from engine.transforms import get_model_transforms
from pictures.blend import Map
from pictures.colormaps import Pixels
from pictures.sheets import labelled_grid

Progress = Callable[[int, int], object]
_LAST_MAPS = {"custom": "block4", "efficientnet_b0": "features", "resnet18": "layer4"}


def get_target_layer(model: nn.Module, model_type: str) -> nn.Module:
    """The last layer with feature maps of a "custom", "efficientnet_b0" or "resnet18" model.

    "custom" is our own four-block network. Raises WrongLayer.
    """
    if model_type not in _LAST_MAPS:
        raise WrongLayer(f"unknown model type {model_type!r}; known are {', '.join(_LAST_MAPS)}")
    return find_layer(bare(model), _LAST_MAPS[model_type])


def generate_gradcam_visualization(
    model: nn.Module,
    image_input: ImageInput,
    target_layer: nn.Module | str,
    class_idx: int | None = None,
    device: Device | None = None,
    transform: Transform | None = None,
    colormap: int | str = DEFAULT_COLORMAP,
    alpha: float = 0.5,
    return_heatmap: bool = False,
) -> Pixels | tuple[Pixels, Map]:
    """The overlay, uint8 (H, W, 3) RGB; with `return_heatmap` also the map, float32 (h, w).

    image_input: a path, PIL image, uint8 RGB array or normalised tensor. transform: PIL image
    to normalised tensor, by default `get_model_transforms(model)`. Raises PhotoError or
    EngineError.
    """
    cam = GradCAM(model, target_layer, device)
    inputs, pixels = as_input(image_input, transform or get_model_transforms(model))
    heatmap = cam(inputs, class_idx)
    overlay = cam.generate_heatmap_overlay(pixels, heatmap, colormap, alpha)
    return (overlay, heatmap) if return_heatmap else overlay


def visualize_gradcam_grid(
    model: nn.Module,
    image_paths: Sequence[ImageInput],
    target_layer: nn.Module | str,
    class_indices: Sequence[int | None] | None = None,
    device: Device | None = None,
    save_path: str | Path | None = None,
    colormap: int | str = DEFAULT_COLORMAP,
    alpha: float = 0.5,
    progress: Progress | None = None,
) -> Pixels:
    """Photo and overlay of each picture side by side, uint8 (H, W, 3) RGB, also as a file.

    Every picture keeps its aspect and is labelled with its file name. class_indices: one for
    each picture, None for its most likely class. progress: called with the number of pictures
    done and of all. Raises WrongInput, PhotoError or EngineError.
    """
    wanted = list(class_indices) if class_indices is not None else [None] * len(image_paths)
    if len(wanted) != len(image_paths) or not wanted:
        raise WrongInput(
            f"{len(wanted)} class indices", f"one for each of {len(image_paths)} images"
        )
    cam, transform = GradCAM(model, target_layer, device), get_model_transforms(model)
    cells: list[tuple[str, Pixels]] = []
    for number, (image, class_idx) in enumerate(zip(image_paths, wanted, strict=True), start=1):
        inputs, pixels = as_input(image, transform)
        overlay = cam.generate_heatmap_overlay(pixels, cam(inputs, class_idx), colormap, alpha)
        name = Path(image).name if isinstance(image, (str, Path)) else f"picture {number}"
        cells += [(name, pixels), ("Grad-CAM", overlay)]
        if progress is not None:
            progress(number, len(wanted))
    grid = labelled_grid(cells, columns=2 if len(wanted) < 3 else 4)
    if save_path is not None:
        save_picture(grid, save_path)
    return grid
