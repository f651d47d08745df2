"""models/training/augmentation/degradations.py: what JPEG loses, as a camera loses it."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from models.training.augmentation.augment import to_float_planes
from models.training.augmentation.degradations import jpeg
from pictures.drawn_leaves.leaves import draw_leaf


@pytest.mark.parametrize("quality", [15, 50, 90])
def test_compression_in_training_is_that_of_jpeg(quality: int) -> None:
    """As Pillow's JPEG with its halved colour, but for what libjpeg rounds on the way."""
    drawn = draw_leaf("healthy", seed=0, size=(250, 240)).photo
    drawn.save(file := io.BytesIO(), "JPEG", quality=quality)
    expected = np.asarray(Image.open(file), np.float32)
    photo = to_float_planes(torch.tensor(np.asarray(drawn)[None]))
    found = jpeg(photo, torch.tensor([float(quality)]))[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(found - expected).mean() < 1.3
