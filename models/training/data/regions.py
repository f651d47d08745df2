"""Where evidence for the class may lie on a training photo: on the disease, where that is known."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from models.training.data.array_cache import Array
from models.training.data.outlines import read_lesions
from models.training.data.photos import read_photo
from pictures.segmentation.leaf_mask import SIDE
from pictures.segmentation.masks import Mask

_FEWEST, _PART = 4, 64
_WHOLE = 32_768  # more pixels than a side can have: photos are read at full size
_BESIDE_LESION, _BESIDE_LEAF = 2, 1


class Known(NamedTuple):
    """What is known of a photo: the `outline` of its lesions, if there is one."""

    photo: str
    outline: Path | None


def lesions_of(known: Known) -> Array:
    """The lesions of a photo, uint8 (96, 96, 1): 255 on them; all zero where none are known.

    Raises CardError for an outline that is not one of this photo.
    """
    found = np.zeros((SIDE, SIDE), np.bool_)
    if known.outline:
        found = _shrunk(read_lesions(known.outline, read_photo(known.photo, _WHOLE).size))
    known_at_all = found.sum() >= _FEWEST
    lesions: Array = (found & known_at_all)[..., None].astype(np.uint8) * np.uint8(255)
    return lesions


def _shrunk(lesions: Mask) -> Mask:
    """bool (96, 96): cells of which a lesion fills a quarter."""
    grey = Image.fromarray(lesions.astype(np.uint8) * 255)
    return np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX)) >= _PART


def evidence_regions(leaves: Tensor, lesions: Tensor) -> Tensor:
    """float32 (n, 1, 96, 96), 1 where evidence may lie: on the lesions of a photo if they are
    known, else on its leaf, else anywhere; with a narrow rim. `leaves` and `lesions`: (n, 1, 96,
    96) in [0, 1]."""
    leaf, lesion = (grown.round() for grown in (leaves, lesions))
    on_leaf = torch.where(_any(leaf), _grown(leaf, _BESIDE_LEAF), torch.ones_like(leaf))
    return torch.where(_any(lesion), _grown(lesion, _BESIDE_LESION), on_leaf)


def _any(masks: Tensor) -> Tensor:
    return masks.amax((1, 2, 3), keepdim=True) > 0


def _grown(masks: Tensor, cells: int) -> Tensor:
    return F.max_pool2d(masks, 2 * cells + 1, stride=1, padding=cells)
