"""Scaled maps of (photo, class) pairs by gradients, in torch."""

from collections.abc import Sequence

import torch

from engine.cam.closed_form import Cams
from engine.cam.forward import ForwardPass
from engine.cam.methods import divide_by_peak, get_method


def compute_cams(
    forward: ForwardPass, photos: Sequence[int], classes: Sequence[int], methods: Sequence[str]
) -> Cams:
    """The maps of all pairs, each by its own method."""
    gradients = forward.gradients(photos, classes).float()
    with torch.no_grad(), torch.autocast(gradients.device.type, enabled=False):
        activations = forward.activations[list(photos)].float()
        maps = torch.empty_like(activations[:, 0])
        for name in set(methods):
            own = [i for i, used in enumerate(methods) if used == name]
            maps[own] = get_method(name)(activations[own], gradients[own])
        return Cams(divide_by_peak(maps).cpu().numpy(), maps.amax(dim=(1, 2)).cpu().numpy())
