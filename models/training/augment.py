"""What a photo may look like in the field, a batch at a time, on the device that trains."""

import math
import random
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms import v2

from models.card import Preprocessing
from models.preprocessing import Normalised
from models.recipe import Stage
from models.training.background import on_grounds, resized, without_leaves
from models.training.grain import random_grain, random_places

BLACK = 0.2
"""Of the other grounds: where one class of the photos is cut out on black, black must not be what
tells it from the rest."""
FARTHEST = 1.7
"""Steps back: how many times as wide as the photo its widest view is."""
_LUMA = torch.tensor([0.299, 0.587, 0.114])


class Views(NamedTuple):
    """Inputs of a step: float32 (n + m, 3, s, s), normalised, those of the m pictures without a
    leaf last, and where the leaf is on the others: (n, 1, s, s) in [0, 1]."""

    pixels: Tensor
    leaves: Tensor


class Augment(nn.Module):
    """Other ground, view, light and grain for each photo, and a few pictures of no leaf at all.

    photos: uint8 (N, s, s, 3); masks: uint8 (N, 96, 96, 1); scenes: uint8 (m, t, t, 3), drawn,
    m at most `negatives`. Gives N + `negatives` views, the scenes last; size, view and plain are
    those of the stage.
    """

    def __init__(self, preprocessing: Preprocessing, background: float, negatives: int) -> None:
        super().__init__()
        self.background, self.negatives = background, negatives
        self.normalised = Normalised(preprocessing)

    @torch.no_grad()
    def forward(self, photos: Tensor, masks: Tensor, scenes: Tensor, stage: Stage) -> Views:
        x, leaves = to_float_planes(photos), to_float_planes(masks)
        bare = without_leaves(x, leaves, self.negatives - len(scenes))
        drawn = resized(to_float_planes(scenes), x.shape[-1])
        x = torch.cat([on_grounds(x, leaves, self.background, BLACK), bare, drawn])
        at_once = random.random() < 0.5  # a camera compresses before its photo is made smaller
        x = random_grain(x) if at_once else x
        x, leaves = random_view(x, leaves, stage)
        x = keep_share(random_light(x), x, stage.plain)
        x = x if at_once else random_grain(x)
        return Views(self.normalised(x), leaves)


def to_float_planes(pixels: Tensor) -> Tensor:
    """uint8 (N, h, w, c) -> float32 (N, c, h, w) in [0, 1]."""
    return pixels.permute(0, 3, 1, 2).float() / 255


def keep_share(changed: Tensor, x: Tensor, share: float) -> Tensor:
    """`changed`, but a `share` of its pictures as they were in `x`; all (N, 3, h, w)."""
    spare = torch.rand(len(x), device=x.device) < share
    return torch.where(spare[:, None, None, None], x, changed)


def random_view(x: Tensor, leaves: Tensor, stage: Stage) -> tuple[Tensor, Tensor]:
    """A share of each photo, the stage's `view` to 1, or all of it from further away, mirrored,
    turned by quarters and for the half tilted; the masks (n, 1, h, w) of the first n with them.

    A leaf has no upright, and no distance: the farm that lays it across, or steps back, must not
    meet another network.
    """
    masks = F.interpolate(leaves, size=x.shape[-2:], mode="bilinear")
    grid = random_grid(len(x), stage, x.device)
    look = partial(F.grid_sample, padding_mode="reflection", align_corners=False)
    return look(x, grid), look(masks, grid[: len(masks)])


def random_grid(n: int, stage: Stage, device: torch.device) -> Tensor:
    """Where the pixels of n views lie in their photos, as `grid_sample` wants it."""
    scale = random_scale(n, stage.view, device)
    turn, tilt, mirror, right, down = torch.rand(5, n, device=device)
    tilted = torch.rand(n, device=device) < 0.5
    angle = (turn * 4).floor() * (math.pi / 2) + tilted * (tilt * 2 - 1) * (math.pi / 4)
    cos, sin = angle.cos(), angle.sin()
    turned = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    flip = torch.where(mirror < 0.5, 1.0, -1.0)
    turned = turned * torch.stack([flip, torch.ones_like(flip)], 1)[:, None]
    place = (torch.stack([right, down], 1) * 2 - 1) * (1 - scale)
    theta = torch.cat([scale[:, :, None] * turned, place[:, :, None]], 2)
    return F.affine_grid(theta, [n, 3, stage.size, stage.size], align_corners=False)


def random_scale(count: int, least: float, device: torch.device) -> Tensor:
    """Height and width of `count` views, in those of the photo: float32 (count, 2).

    A view has a share of `least` to 1 of the photo's area; a third of them are then up to
    FARTHEST times as high and wide, so that the photo is seen from further away.
    """
    area, ratio, far = torch.rand(3, count, device=device)
    ratio = torch.exp((ratio * 2 - 1) * 0.5)
    width = (area * (1 - least) + least).sqrt() * ratio.sqrt()
    scale = torch.stack([width, width / ratio], 1).clamp(max=1)
    further = torch.empty(count, 1, device=device).uniform_(1, FARTHEST)
    return torch.where(far[:, None] < 0.35, scale * further, scale)


def random_light(x: Tensor) -> Tensor:
    """Brightness, contrast, saturation and white balance as one matrix; shade as soft patches."""
    n, device = len(x), x.device
    bright, contrast, saturation = torch.empty(3, n, 1, 1, device=device).uniform_(0.6, 1.4)
    balance = torch.empty(n, 3, 1, device=device).uniform_(0.88, 1.12)
    grey = _LUMA.to(device).expand(3, 3)
    matrix = torch.lerp(grey.expand(n, 3, 3), torch.eye(3, device=device), saturation)
    matrix = balance * matrix * bright * contrast
    mean = x.mean((2, 3)).unsqueeze(2)
    shift = torch.einsum("ndc,ncx->ndx", matrix, mean) * (1 / contrast - 1)
    lit = torch.baddbmm(shift, matrix, x.flatten(2)).view_as(x)
    shaded = random_places(lit, 0.25)
    if len(shaded):
        patches = torch.empty(len(shaded), 1, 3, 3, device=device).uniform_(0.45, 1.15)
        shade = F.interpolate(patches, size=lit.shape[-2:], mode="bicubic")
        lit = lit.index_copy(0, shaded, lit[shaded] * shade)
    return lit.clamp(0, 1)


def mixing(classes: int, share: float) -> v2.Transform:
    """CutMix (Yun et al. 2019) or mixup (Zhang et al. 2018) for a `share` of the batches."""
    mixes = [v2.CutMix(num_classes=classes), v2.MixUp(alpha=0.2, num_classes=classes)]
    return v2.RandomChoice([*mixes, v2.Identity()], p=[share * 4 / 7, share * 3 / 7, 1 - share])
