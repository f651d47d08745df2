"""Random sharpness and compression, a batch at a time: what a network must not learn from."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from models.training.randomness import rng

# ITU-T T.81, annex K: the tables that nearly every camera scales by its quality.
_LUMA = """16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56
14 17 22 29 51 87 80 62 18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92
49 64 78 87 103 121 120 101 72 92 95 98 112 100 103 99"""
_CHROMA = """17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99
47 66 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99
99 99 99 99 99 99 99 99 99 99 99 99 99 99 99 99"""
_YCC = torch.tensor(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
)


def _table(values: str) -> Tensor:
    return torch.tensor([float(value) for value in values.split()]).view(8, 8)


def _cosines() -> Tensor:
    """The 8 x 8 discrete cosine transform, orthonormal, rows are frequencies."""
    n = torch.arange(8.0)
    rows = torch.cos((2 * n[None] + 1) * n[:, None] * math.pi / 16) / 2
    return torch.cat([rows[:1] / math.sqrt(2), rows[1:]])


_TABLES = _table(_LUMA), _table(_CHROMA)
_DCT, _MIDDLE = _cosines(), 128 / 255


def jpeg(photos: Tensor, quality: Tensor) -> Tensor:
    """What baseline JPEG loses (ITU-T T.81): 8 x 8 blocks of cosines, rounded to a table, those of
    the colour at half the resolution, as phones and libjpeg have it.

    quality: float (N,), 1 to 100, scaled as libjpeg scales it.
    """
    height, width = photos.shape[-2:]
    whole = F.pad(photos, (0, -width % 16, 0, -height % 16), mode="replicate")
    ycc = _YCC.to(photos.device)
    planes = torch.einsum("dc,nchw->ndhw", ycc, whole - _MIDDLE)
    luma, chroma = planes[:, :1], F.avg_pool2d(planes[:, 1:], 2)
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality) / 100
    luma, chroma = (
        _rounded(plane, (table.to(scale) * scale.view(-1, 1, 1)).round().clamp(1, 255) / 255)
        for plane, table in zip((luma, chroma), _TABLES, strict=True)
    )
    chroma = F.interpolate(chroma, scale_factor=2, mode="bilinear")
    rgb = torch.einsum("dc,nchw->ndhw", torch.linalg.inv(ycc), torch.cat([luma, chroma], 1))
    return (rgb + _MIDDLE).clamp(0, 1)[..., :height, :width]


def _rounded(planes: Tensor, steps: Tensor) -> Tensor:
    """`planes` (N, c, h, w), cosines of each block rounded to multiples of `steps` (N, 8, 8)."""
    n, c, h, w = planes.shape
    dct, steps = _DCT.to(planes.device), steps[:, None, None, :, None, :]
    blocks = planes.reshape(n, c, h // 8, 8, w // 8, 8)
    waves = torch.einsum("fi,ncaibj,gj->ncafbg", dct, blocks, dct)
    kept = (waves / steps).round() * steps
    return torch.einsum("fi,ncafbg,gj->ncaibj", dct, kept, dct).reshape(n, c, h, w)


def resampled(photos: Tensor) -> Tensor:
    """Pictures resized to 0.33 to 0.9 of their size and back: the sharpness of another camera."""
    side = photos.shape[-1]
    small = max(8, int(side * rng.uniform(0.33, 0.9)))
    shrunk = F.interpolate(photos, size=(small, small), mode="bilinear", antialias=True)
    back = rng.choice(["bilinear", "nearest"])
    return F.interpolate(shrunk, size=(side, side), mode=back)


def random_places(photos: Tensor, share: float) -> Tensor:
    """The indices of about `share` of a batch."""
    return (torch.rand(len(photos), device=photos.device) < share).nonzero()[:, 0]


def random_degradation(photos: Tensor) -> Tensor:
    """Resample three tenths of the photos, and save six tenths as JPEG of quality 20 to 95."""
    soft = random_places(photos, 0.3)
    if len(soft):
        photos = photos.index_copy(0, soft, resampled(photos[soft]))
    saved = random_places(photos, 0.6)
    if len(saved):
        quality = torch.empty(len(saved), device=photos.device).uniform_(20, 95)
        photos = photos.index_copy(0, saved, jpeg(photos[saved], quality))
    return photos
