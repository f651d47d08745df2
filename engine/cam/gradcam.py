"""Grad-CAM for any PyTorch classifier. Selvaraju et al. 2017, arXiv:1610.02391."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from engine.cam.forward import AutogradForwardPass, forward_pass
from engine.cam.receptive_field import receptive_field_box
from engine.cam.request_checks import check_class
from engine.cam.torch_methods import Method, divide_by_peak, get_method
from engine.device import Device, choose_device, device_of, unwrap
from engine.errors import WrongInput, WrongLayer
from engine.photos.decode import to_pixels
from engine.photos.overlay import DEFAULT_COLORMAP, blend_map
from pictures.maps import WHOLE, Box, Map
from pictures.pixels import Pixels

ClassIndex = int | Sequence[int] | npt.NDArray[np.integer[Any]] | Tensor


class GradCAM:
    """Explains the classes of `model` by the feature maps of `target_layer` (a module or its name).

    The class score is the logit. The model is left unchanged: no hook, no gradient, no mode stays
    on it, and several threads may use one model, or one GradCAM, at once. `device=None` leaves the
    model where it is. Raises WrongLayer for a layer that is not in the model.
    """

    def __init__(
        self,
        model: nn.Module,
        target_layer: nn.Module | str,
        device: Device | None = None,
        method_name: str = "gradcam",
    ) -> None:
        self.model = unwrap(model)
        self.target_layer = find_layer(self.model, target_layer)
        if device is not None:
            self.model.to(choose_device(device))
        self.device = device_of(self.model)
        self.method = get_method(method_name)
        self._inputs: dict[tuple[int, ...], tuple[torch.Size, torch.dtype]] = {}

    def __call__(
        self,
        input_tensor: Tensor,
        class_idx: ClassIndex | None = None,
        retain_graph: bool = False,  # noqa: ARG002 -- no graph is ever shared with the caller
    ) -> Map:
        """The heatmap, float32 (h, w) in [0, 1] of the target layer's size.

        input_tensor: (1, 3, H, W) or (3, H, W), normalised. class_idx: the class to explain,
        by default the most likely one. With a list of classes, (classes, h, w); with a batch
        (N, 3, H, W), (N, h, w), for which `class_idx` may be one class for all or a list of N.
        Arrays and tensors of whole numbers are taken like ints and lists.
        Raises WrongInput, WrongClass or WrongLayer.
        """
        batch = self._batch(input_tensor)
        requested = plain_indices(class_idx)
        forward = self._forward(batch)
        photos, classes = photo_class_pairs(forward, requested)
        maps = scaled_maps(forward, photos, classes, self.method).cpu().numpy()
        self._inputs[maps.shape[1:]] = batch.shape[1:], batch.dtype
        single = len(batch) == 1 and not isinstance(requested, Sequence)
        result: Map = maps[0] if single else maps
        return result

    def box(self, heatmap: Map) -> Box:
        """The part of the photo that a map of this object covers: left, top, right and bottom, in
        parts of the photo's width and height. In most networks it begins half a cell above and left
        of the photo.

        The whole photo for a map of a size that this object has not returned yet.
        """
        if heatmap.shape not in self._inputs:
            return WHOLE
        size, kind = self._inputs[heatmap.shape]
        photo = torch.zeros(1, *size, dtype=kind, device=self.device)
        return receptive_field_box(self.model, self.target_layer, photo)

    def generate_heatmap_overlay(
        self,
        original_image: Pixels | Image.Image,
        heatmap: npt.ArrayLike,
        colormap: int | str = DEFAULT_COLORMAP,
        alpha: float = 0.5,
    ) -> Pixels:
        """The heatmap over the photo, each cell at its `box`, uint8 (H, W, 3) RGB as the photo.

        colormap: an OpenCV constant or a name. alpha: the heatmap's part, in [0, 1]. Raises
        UnknownColormap for an unknown colormap, ValueError for an alpha outside of [0, 1].
        """
        pixels = to_pixels(original_image)
        shown = np.asarray(heatmap, np.float32)
        return blend_map(pixels, shown, colormap, alpha, self.box(shown))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to undo: nothing is left on the model."""

    def _batch(self, inputs: Tensor) -> Tensor:
        needed = "a float tensor (3, height, width) or (N, 3, height, width)"
        if not isinstance(inputs, Tensor):
            raise WrongInput(f"a {type(inputs).__name__}", needed)
        batch = inputs[None] if inputs.ndim == 3 else inputs
        if batch.ndim != 4 or 0 in batch.shape or not batch.is_floating_point():
            raise WrongInput(f"a {inputs.dtype} tensor of shape {tuple(inputs.shape)}", needed)
        weights = (one.dtype for one in self.model.parameters() if one.is_floating_point())
        return batch.detach().to(self.device, next(weights, batch.dtype))

    def _forward(self, batch: Tensor) -> AutogradForwardPass:
        """Raises WrongInput for photos with other channels than the model's first layer takes."""
        try:
            return forward_pass(self.model, self.target_layer, batch)
        except RuntimeError as error:
            layers = (part for part in self.model.modules() if isinstance(part, nn.Conv2d))
            first = next(layers, None)
            if first is None or first.in_channels == batch.shape[1]:
                raise
            found = f"a tensor of shape {tuple(batch.shape)}"
            raise WrongInput(found, f"{first.in_channels} channels") from error


def find_layer(model: nn.Module, layer: nn.Module | str) -> nn.Module:
    """A layer of `model`, itself or by its dotted name. Raises WrongLayer for a layer that is not
    in the model."""
    if isinstance(layer, nn.Module):
        found = unwrap(layer)
        if not any(found is module for module in model.modules()):
            raise WrongLayer(f"{type(found).__name__} is no layer of {type(model).__name__}")
        return found
    named: dict[str, nn.Module] = dict(model.named_modules())
    if not layer or layer not in named:
        known = ", ".join(name for name, _ in model.named_children())
        raise WrongLayer(f"{type(model).__name__} has no layer {layer!r}; it starts with {known}")
    return named[layer]


def plain_indices(requested: ClassIndex | None) -> int | Sequence[int] | None:
    """Arrays and tensors of whole numbers as ints and lists. Raises WrongInput for numbers that are
    not whole."""
    if not isinstance(requested, (np.ndarray, Tensor)):
        return requested
    values = requested.detach().cpu().numpy() if isinstance(requested, Tensor) else requested
    if not np.issubdtype(values.dtype, np.integer) or values.ndim > 1:
        found = f"class indices of {values.dtype} and shape {values.shape}"
        raise WrongInput(found, "whole numbers, one or a list")
    plain: int | list[int] = values.tolist()
    return plain


def photo_class_pairs(
    forward: AutogradForwardPass, requested: int | Sequence[int] | None
) -> tuple[list[int], list[int]]:
    """Photo and class of each map to make. Raises WrongClass, or WrongInput for a wrong count."""
    count, classes = forward.logits.shape
    if requested is None:
        return list(range(count)), forward.logits.argmax(dim=1).tolist()
    if not isinstance(requested, Sequence):
        return list(range(count)), [check_class(requested, classes)] * count
    chosen = [check_class(index, classes) for index in requested]
    if count == 1 and chosen:
        return [0] * len(chosen), chosen
    if len(chosen) != count:
        raise WrongInput(f"{len(chosen)} class indices", f"one for each of {count} photos")
    return list(range(count)), chosen


def scaled_maps(
    forward: AutogradForwardPass,
    photos: Sequence[int],
    classes: Sequence[int],
    combine: Method,
) -> Tensor:
    """Scaled maps of the pairs, float32 (pairs, h, w), computed in float32."""
    gradients = forward.gradients(photos, classes).float()
    activations = forward.activations.detach()[list(photos)].float()
    with torch.no_grad(), torch.autocast(activations.device.type, enabled=False):
        return divide_by_peak(combine(activations, gradients))
