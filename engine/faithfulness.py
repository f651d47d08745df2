"""Whether a prediction depends on what its map shows. Costs forward passes, so only on demand."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.transforms.v2 import functional

from engine.cam.forward import class_scores
from engine.cam.hooks import eval_mode
from engine.cam.request_checks import check_class
from engine.errors import WrongInput
from pictures.maps import WHOLE, Box, Map
from pictures.rendering.blend import upsample

HOTTEST = 0.2


@dataclass(frozen=True)
class Faithfulness:
    """Areas under the confidence of the class, in [0, 1]. Petsiuk et al. 2018 (RISE).

    `deletion`: while pixels are blurred, the hottest first; low is good. `insertion`: while they
    are restored in a blurred photo, the hottest first; high is good. `confidence_lost`: by blurring
    the hottest fifth of the photo; negative where that helped.
    """

    deletion: float
    insertion: float
    confidence_lost: float


def measure_faithfulness(
    model: nn.Module,
    inputs: Tensor,
    heatmap: Map,
    class_idx: int,
    steps: int = 16,
    box: Box = WHOLE,
) -> Faithfulness:
    """The faithfulness of a map of `class_idx`, float32 (h, w), that covers `box` of its photo,
    normalised (1, 3, H, W).

    Costs 2 * steps + 1 photos of forward passes. Raises WrongInput or WrongClass.
    """
    if inputs.ndim != 4 or len(inputs) != 1 or steps < 1:
        raise WrongInput(f"{tuple(inputs.shape)} in {steps} steps", "(1, 3, H, W) in 1 or more")
    rank = _rank(heatmap, box, inputs)
    blurred = _blurred(inputs)
    shares = torch.linspace(0, 1, steps + 1, device=inputs.device)[:, None, None, None]
    removed = torch.where(rank < shares, blurred, inputs)
    given = torch.where(rank < shares[1:-1], inputs, blurred)  # begins and ends as `removed` does
    fifth = torch.where(rank < HOTTEST, blurred, inputs)
    curve = _confidence(model, torch.cat([removed, given, fifth]), class_idx)
    deletion, between, lost = torch.split(curve, [steps + 1, steps - 1, 1])
    insertion = torch.cat([deletion[-1:], between, deletion[:1]])
    return Faithfulness(_area(deletion), _area(insertion), float(deletion[0] - lost))


def _rank(heatmap: Map, box: Box, inputs: Tensor) -> Tensor:
    """The rank of each pixel, from the hottest (0) to the coldest (below 1), (1, 1, H, W)."""
    height, width = inputs.shape[2:]
    large = torch.tensor(upsample(heatmap, width, height, box), device=inputs.device)
    order = large.flatten().argsort(descending=True, stable=True)
    rank = torch.empty_like(order, dtype=torch.float32)
    rank[order] = torch.arange(len(order), dtype=torch.float32, device=rank.device)
    return (rank / len(order)).view(1, 1, height, width)


def _blurred(inputs: Tensor) -> Tensor:
    """The photo without any lesion: a Gaussian blur of a twelfth of the side."""
    sigma = min(inputs.shape[2:]) / 12
    size = 2 * int(2 * sigma) + 1
    blurred: Tensor = functional.gaussian_blur(inputs, [size, size], [sigma, sigma])
    return blurred


def _confidence(model: nn.Module, batch: Tensor, class_idx: int) -> Tensor:
    with torch.inference_mode(), eval_mode(model):
        logits = class_scores(model(batch)).float()
    return logits.softmax(dim=1)[:, check_class(class_idx, logits.shape[1])].cpu()


def _area(curve: Tensor) -> float:
    return float(torch.trapezoid(curve) / (len(curve) - 1))
