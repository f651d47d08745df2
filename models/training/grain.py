"""Sharpness and compression, by the batch: what a network must not learn from.

Every function takes and gives float32 (N, 3, h, w) in [0, 1], on any device.
"""

import math
import random

import torch
from torch import Tensor
from torch.nn import functional as F

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


def _tables() -> Tensor:
    luma, chroma = (
        torch.tensor([float(value) for value in table.split()]).view(8, 8)
        for table in (_LUMA, _CHROMA)
    )
    return torch.stack([luma, chroma, chroma])


def _cosines() -> Tensor:
    """The 8 x 8 discrete cosine transform, orthonormal, rows are frequencies."""
    n = torch.arange(8.0)
    rows = torch.cos((2 * n[None] + 1) * n[:, None] * math.pi / 16) / 2
    return torch.cat([rows[:1] / math.sqrt(2), rows[1:]])


_TABLES, _DCT, _MIDDLE = _tables(), _cosines(), 128 / 255


def jpeg(photos: Tensor, quality: Tensor) -> Tensor:
    """What baseline JPEG loses (ITU-T T.81): 8 x 8 blocks of cosines, rounded to a table.

    quality: float (N,), 1 to 100, scaled as libjpeg scales it; sides must be multiples of 8.
    """
    dct, ycc, tables = (part.to(photos.device) for part in (_DCT, _YCC, _TABLES))
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality) / 100
    steps = (tables * scale.view(-1, 1, 1, 1)).round().clamp(1, 255) / 255
    n, c, h, w = photos.shape
    blocks = torch.einsum("dc,nchw->ndhw", ycc, photos - _MIDDLE).reshape(
        n, c, h // 8, 8, w // 8, 8
    )
    waves = torch.einsum("fi,ncaibj,gj->ncafbg", dct, blocks, dct)
    steps = steps[:, :, None, :, None, :]
    kept = (waves / steps).round() * steps
    back = torch.einsum("fi,ncafbg,gj->ncaibj", dct, kept, dct).reshape(n, c, h, w)
    rgb: Tensor = torch.einsum("dc,nchw->ndhw", torch.linalg.inv(_YCC).to(back.device), back)
    return (rgb + _MIDDLE).clamp(0, 1)


def resampled(photos: Tensor) -> Tensor:
    """Down to 0.33 to 0.9 of its size and up again: the sharpness of another camera."""
    side = photos.shape[-1]
    small = max(8, int(side * random.uniform(0.33, 0.9)))
    shrunk = F.interpolate(photos, size=(small, small), mode="bilinear", antialias=True)
    back = random.choice(["bilinear", "nearest"])
    return F.interpolate(shrunk, size=(side, side), mode=back)


def some(photos: Tensor, share: float) -> Tensor:
    """The places of about `share` of a batch."""
    return (torch.rand(len(photos), device=photos.device) < share).nonzero()[:, 0]


def random_grain(photos: Tensor) -> Tensor:
    """A third of the photos resampled, six tenths saved as JPEG of a quality of 20 to 95."""
    soft = some(photos, 0.35)
    if len(soft):
        photos = photos.index_copy(0, soft, resampled(photos[soft]))
    saved = some(photos, 0.6)
    if len(saved):
        quality = torch.empty(len(saved), device=photos.device).uniform_(20, 95)
        photos = photos.index_copy(0, saved, jpeg(photos[saved], quality))
    return photos
