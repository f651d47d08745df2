"""Augmentation: what a photo may look like in the field, a batch at a time, on the training
device."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.cards.card import Preprocessing
from models.cards.recipe import Stage, Training
from models.networks.preprocessing import Normalised
from models.training.augmentation.background import on_grounds, resized, without_leaves
from models.training.augmentation.degradations import random_degradation, random_places
from models.training.data.regions import evidence_regions
from models.training.data.training_set import TrainingBatch
from models.training.randomness import rng

BLACK = 0.2
"""The share of the other grounds that is black: where one class of the photos is cut out on black,
black must not be what tells it from the rest."""
FARTHEST = 1.7
"""Steps back: how many times as wide as the photo its widest view is."""
CELL = 4
"""Pixels of a view that share one value of its region."""
_LUMA = torch.tensor([0.299, 0.587, 0.114])


class Views(NamedTuple):
    """The inputs of a step: float32 (n + m, 3, s, s), normalised, the m pictures without a leaf
    last; and the regions where evidence may lie on the others: (n, 1, s / CELL, s / CELL) in [0,
    1]."""

    pixels: Tensor
    regions: Tensor


class Augment(nn.Module):
    """Another ground, view, light, sharpness and compression for each photo, and a few pictures
    without a leaf.

    scenes: uint8 (m, t, t, 3), drawn, m at most the recipe's `negatives`. Returns views of the
    photos and of as many `negatives`, the scenes last; size, view and plain are those of the stage.
    Healthy leaves before white or black always get another ground, where they can be cut out.
    """

    def __init__(self, preprocessing: Preprocessing, recipe: Training) -> None:
        super().__init__()
        self.recipe, self.normalised = recipe, Normalised(preprocessing)

    @torch.no_grad()
    def forward(self, batch: TrainingBatch, scenes: Tensor, stage: Stage) -> Views:
        x, leaves, lesions = map(to_float_planes, (batch.photos, batch.leaves, batch.lesions))
        empty = without_leaves(x, leaves, self.recipe.negatives - len(scenes))
        drawn = resized(to_float_planes(scenes), x.shape[-1])
        share = torch.where(batch.plain, 1.0, self.recipe.background)
        laid = on_grounds(x, leaves, share, BLACK, self.recipe.photo_grounds)
        x = torch.cat([laid, empty, drawn])
        at_once = rng.random() < 0.5  # before resizing, as a camera compresses
        x = random_degradation(x) if at_once else x
        x, regions = random_view(x, evidence_regions(leaves, lesions), stage)
        x = keep_share(random_light(x), x, stage.plain)
        x = x if at_once else random_degradation(x)
        return Views(self.normalised(x), regions)


def to_float_planes(pixels: Tensor) -> Tensor:
    """uint8 (N, h, w, c) -> float32 (N, c, h, w) in [0, 1]."""
    return pixels.permute(0, 3, 1, 2).float() / 255


def keep_share(changed: Tensor, x: Tensor, share: float) -> Tensor:
    """`changed`, but a `share` of its pictures as they are in `x`; all (N, 3, h, w)."""
    spare = torch.rand(len(x), device=x.device) < share
    return torch.where(spare[:, None, None, None], x, changed)


def random_view(x: Tensor, regions: Tensor, stage: Stage) -> tuple[Tensor, Tensor]:
    """A random part of each photo, a share between the stage's `view` and 1, or the whole photo
    seen from further away; mirrored, turned by quarters, and half of them tilted. The regions (n,
    1, h, w) of the first n photos move with them.

    A leaf has no upright and no fixed distance: a photo taken across, or from further away, must
    not look strange to the network.
    """
    theta = random_placing(len(x), stage.view, x.device)
    return (
        _placed(x, theta, stage.size),
        _placed(regions, theta[: len(regions)], stage.size // CELL),
    )


def _placed(x: Tensor, theta: Tensor, side: int) -> Tensor:
    grid = F.affine_grid(theta, [len(x), 3, side, side], align_corners=False)
    return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def random_placing(n: int, least: float, device: torch.device) -> Tensor:
    """Where n views lie in their photos, (n, 2, 3) as `affine_grid` takes it. A view shows a share
    of its photo between `least` and 1; some step back, see `random_scale`."""
    scale = random_scale(n, least, device)
    turn, tilt, mirror, right, down = torch.rand(5, n, device=device)
    tilted = torch.rand(n, device=device) < 0.5
    angle = (turn * 4).floor() * (math.pi / 2) + tilted * (tilt * 2 - 1) * (math.pi / 4)
    cos, sin = angle.cos(), angle.sin()
    turned = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    flip = torch.where(mirror < 0.5, 1.0, -1.0)
    turned = turned * torch.stack([flip, torch.ones_like(flip)], 1)[:, None]
    centre = (torch.stack([right, down], 1) * 2 - 1) * (1 - scale)
    return torch.cat([scale[:, :, None] * turned, centre[:, :, None]], 2)


def random_scale(count: int, least: float, device: torch.device) -> Tensor:
    """Height and width of `count` views, relative to the photo's: float32 (count, 2).

    A view has a share between `least` and 1 of the photo's area. A third of them are then up to
    FARTHEST times as high and wide, as if the photo were seen from further away.
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
