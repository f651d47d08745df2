"""The methods in torch: maps as pure functions of a layer's activations and their gradients.

The methods take `activations` and `gradients`, float32 (N, K, h, w): the feature maps A of the
target layer and dy/dA, where y is a class score, the logit. They give float32 (N, h, w), not below
zero and not yet scaled; `divide_by_peak` divides by the maximum. pytorch-grad-cam scales by minimum
and maximum instead, so that a map with a positive floor loses it there and keeps it here.
`compute_cams` applies them to a forward pass.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from engine.cam.array_output import Cams
from engine.cam.forward import ForwardPass
from engine.errors import UnknownMethod

Method = Callable[[Tensor, Tensor], Tensor]


def grad_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """ReLU(sum_k mean_ij(dy/dA_kij) A_k). Selvaraju et al. 2017, equations 1 and 2."""
    return _weighted(activations, gradients.mean(dim=(2, 3)))


def hires_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """ReLU(sum_k dy/dA_k * A_k), cell by cell. Draelos and Carin 2020, equation 3.

    Equal to Grad-CAM where the head is mean pooling and one linear layer.
    """
    return (activations * gradients).sum(dim=1).relu()


def x_grad_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """Gradients weighted by each cell's share of its feature map. Fu et al. 2020, equation 8."""
    total = activations.sum(dim=(2, 3), keepdim=True)
    return _weighted(activations, (gradients * activations / (total + 1e-7)).sum(dim=(2, 3)))


def grad_cam_plus_plus(activations: Tensor, gradients: Tensor) -> Tensor:
    """Positive gradients weighted by alpha. Chattopadhay et al. 2018, equations 10, 11 and 19.

    Derived for exp(logit), so it is the one method here that a scaled logit changes.
    """
    square, total = gradients.square(), activations.sum(dim=(2, 3), keepdim=True)
    alpha = square / (2 * square + total * square * gradients + 1e-6)
    return _weighted(activations, (alpha * gradients.relu()).sum(dim=(2, 3)))


def layer_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    """ReLU(sum_k ReLU(dy/dA_k) * A_k). Jiang et al. 2021, equations 5 and 6."""
    return (activations * gradients.relu()).sum(dim=1).relu()


METHODS: dict[str, Method] = {
    "gradcam": grad_cam,
    "hirescam": hires_cam,
    "xgradcam": x_grad_cam,
    "gradcam++": grad_cam_plus_plus,
    "layercam": layer_cam,
}


def get_method(name: str) -> Method:
    """The method of that name. Raises UnknownMethod for an unknown name."""
    if name not in METHODS:
        raise UnknownMethod(name, METHODS)
    return METHODS[name]


def divide_by_peak(maps: Tensor) -> Tensor:
    """Each map divided by its maximum, float32 (N, h, w) in [0, 1]; all zeros stay all zeros."""
    peak = maps.amax(dim=(1, 2), keepdim=True)
    return maps / torch.where(peak > 0, peak, torch.ones_like(peak))


def _weighted(activations: Tensor, weights: Tensor) -> Tensor:
    return torch.einsum("nkhw,nk->nhw", activations, weights).relu()


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
