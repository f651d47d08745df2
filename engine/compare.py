"""The best classes side by side, and overlays kept with their maps."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from engine.device import Device
from engine.errors import WrongInput
from engine.geometry import box_of
from engine.gradcam import GradCAM
from engine.methods import method
from engine.overlay import DEFAULT_COLORMAP, blend_map, colormap_name, save_picture
from engine.predict import ImageInput, Transform, as_input
from engine.split import look
from engine.transforms import get_model_transforms
from pictures.blend import Map
from pictures.colormaps import Pixels
from pictures.sheets import labelled_grid, with_legend


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

    All maps share one colour scale, that of the hottest: a class that little speaks for stays
    cold. Raises as `generate_gradcam_visualization` does, and WrongInput for the class names.
    """
    cam = GradCAM(model, target_layer, device)
    inputs, pixels = as_input(image_input, transform or get_model_transforms(model))
    maps, classes, confidences = _shared_scale(cam, inputs, k, method_name)
    if max(classes) >= len(class_names):
        raise WrongInput(f"{len(class_names)} class names", f"at least {max(classes) + 1}")
    box = box_of(cam.model, cam.target_layer, inputs.to(cam.device))
    cells = [("photo", pixels)]
    for heatmap, index, confidence in zip(maps, classes, confidences, strict=True):
        overlay = blend_map(pixels, heatmap, colormap, alpha, box)
        cells.append((f"{confidence:.0%} {class_names[index]}", overlay))
    strip = with_legend(labelled_grid(cells, columns=len(cells)), colormap_name(colormap))
    if save_path is not None:
        save_picture(strip, save_path)
    return strip


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
    seen = look(cam.model, cam.target_layer, inputs.to(cam.device))
    confidence = seen.logits.detach()[0].float().softmax(dim=0)
    values, order = confidence.topk(min(max(1, k), len(confidence)))
    photos, classes = [0] * len(order), order.tolist()
    gradients = seen.gradients(photos, classes).float()
    raw = method(method_name)(seen.activations.detach()[photos].float(), gradients)
    scaled = raw / raw.max().clamp(min=torch.finfo(raw.dtype).tiny)
    return list(scaled.cpu().numpy()), classes, values.tolist()
