"""Overlays and grids in one call each."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine.cam.forward import forward_pass
from engine.cam.gradcam import GradCAM, find_layer
from engine.cam.receptive_field import receptive_field_box
from engine.cam.torch_methods import get_method
from engine.device import Device, unwrap
from engine.errors import WrongInput, WrongLayer
from engine.photos.overlay import DEFAULT_COLORMAP, blend_map, colormap_name, save_picture
from engine.photos.transforms import get_model_transforms
from engine.predict import ImageInput, Transform, prepare_input
from pictures.maps import Map
from pictures.pixels import Pixels
from pictures.sheets import labelled_grid, with_legend

Progress = Callable[[int, int], object]
_LAST_MAPS = {"custom": "block4", "efficientnet_b0": "features", "resnet18": "layer4"}


def get_target_layer(model: nn.Module, model_type: str) -> nn.Module:
    """The last layer with feature maps of a "custom", "efficientnet_b0" or "resnet18" model.

    "custom" is our own four-block network. Raises WrongLayer for another type, or a model without
    such a layer.
    """
    if model_type not in _LAST_MAPS:
        raise WrongLayer(f"unknown model type {model_type!r}; known are {', '.join(_LAST_MAPS)}")
    return find_layer(unwrap(model), _LAST_MAPS[model_type])


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

    image_input: a path, PIL image, uint8 RGB array or normalised tensor. transform: PIL image to
    normalised tensor, by default `get_model_transforms(model)`. Raises PhotoError for a file that
    is no whole photo, EngineError for a wrong input, class or layer.
    """
    cam = GradCAM(model, target_layer, device)
    inputs, pixels = prepare_input(image_input, transform or get_model_transforms(model))
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

    Every picture keeps its aspect and is labelled with its file name. class_indices: one for each
    picture, None for its most likely class. progress: called with the number of pictures done and
    of all. Raises WrongInput for another number of classes than images, and what
    `generate_gradcam_visualization` raises.
    """
    requested = _class_for_each(image_paths, class_indices)
    cam, transform = GradCAM(model, target_layer, device), get_model_transforms(model)
    cells: list[tuple[str, Pixels]] = []
    for number, (image, class_idx) in enumerate(zip(image_paths, requested, strict=True), start=1):
        inputs, pixels = prepare_input(image, transform)
        overlay = cam.generate_heatmap_overlay(pixels, cam(inputs, class_idx), colormap, alpha)
        cells += [(_label(image, number), pixels), ("Grad-CAM", overlay)]
        if progress is not None:
            progress(number, len(requested))
    return _saved(labelled_grid(cells, columns=2 if len(requested) < 3 else 4), save_path)


def _class_for_each(
    images: Sequence[ImageInput], class_indices: Sequence[int | None] | None
) -> list[int | None]:
    requested: list[int | None]
    requested = [None] * len(images) if class_indices is None else list(class_indices)
    if len(requested) != len(images) or not requested:
        raise WrongInput(f"{len(requested)} class indices", f"one for each of {len(images)} images")
    return requested


def _label(image: ImageInput, number: int) -> str:
    return Path(image).name if isinstance(image, (str, Path)) else f"picture {number}"


def _saved(picture: Pixels, path: str | Path | None) -> Pixels:
    """The picture, written to `path` where there is one."""
    if path is not None:
        save_picture(picture, path)
    return picture


def compare_top_k(
    model: nn.Module,
    image_input: ImageInput,
    target_layer: nn.Module | str,
    class_names: Sequence[str],
    k: int = 3,
    device: Device | None = None,
    transform: Transform | None = None,
    colormap: int | str = DEFAULT_COLORMAP,
    alpha: float = 0.5,
    method_name: str = "gradcam",
    save_path: str | Path | None = None,
) -> Pixels:
    """The photo, then its `k` best classes with name and confidence, uint8 (H, W, 3) RGB.

    All maps share one colour scale, that of the hottest: a class with little evidence stays cold.
    Raises what `generate_gradcam_visualization` raises, and WrongInput for wrong class names.
    """
    cam = GradCAM(model, target_layer, device)
    inputs, pixels = prepare_input(image_input, transform or get_model_transforms(model))
    maps, classes, confidences = _shared_scale(cam, inputs, k, method_name)
    if max(classes) >= len(class_names):
        raise WrongInput(f"{len(class_names)} class names", f"at least {max(classes) + 1}")
    box = receptive_field_box(cam.model, cam.target_layer, inputs.to(cam.device))
    cells = [("photo", pixels)]
    for heatmap, index, confidence in zip(maps, classes, confidences, strict=True):
        overlay = blend_map(pixels, heatmap, colormap, alpha, box)
        cells.append((f"{confidence:.0%} {class_names[index]}", overlay))
    strip = with_legend(labelled_grid(cells, columns=len(cells)), colormap_name(colormap))
    return _saved(strip, save_path)


def save_gradcam(overlay: Pixels, path: str | Path, heatmap: Map | None = None) -> Path:
    """Write an overlay as JPEG, PNG or WebP, and its map as `.npy` beside it when given.

    Raises ValueError for another suffix.
    """
    target = save_picture(overlay, path)
    if heatmap is not None:
        np.save(target.with_suffix(".npy"), np.asarray(heatmap, np.float32))
    return target


def _shared_scale(
    cam: GradCAM, inputs: torch.Tensor, k: int, method_name: str
) -> tuple[list[Map], list[int], list[float]]:
    """Maps of the best `k` classes divided by the largest value of them all."""
    forward = forward_pass(cam.model, cam.target_layer, inputs.to(cam.device))
    confidence = forward.logits.detach()[0].float().softmax(dim=0)
    values, order = confidence.topk(min(max(1, k), len(confidence)))
    photos, classes = [0] * len(order), order.tolist()
    gradients = forward.gradients(photos, classes).float()
    with torch.autocast(gradients.device.type, enabled=False):
        raw = get_method(method_name)(forward.activations.detach()[photos].float(), gradients)
    scaled = raw / raw.max().clamp(min=torch.finfo(raw.dtype).tiny)
    return list(scaled.cpu().numpy()), classes, values.tolist()
