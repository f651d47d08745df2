"""engine/transforms.py: the numbers of training."""

import numpy as np
import torch
from PIL import Image

from engine.transforms import IMAGENET_MEAN, IMAGENET_STD, get_validation_transforms, prepare
from models.card import Preprocessing

PIXELS = np.random.default_rng(0).integers(0, 256, (90, 130, 3), dtype=np.uint8)


def test_a_photo_is_stretched_and_normalised() -> None:
    made = get_validation_transforms(224, IMAGENET_MEAN, IMAGENET_STD)(Image.fromarray(PIXELS))
    assert made.shape == (3, 224, 224)
    assert made.dtype == torch.float32
    white = get_validation_transforms()(Image.new("RGB", (9, 9), "white"))
    expected = (1 - torch.tensor(IMAGENET_MEAN)) / torch.tensor(IMAGENET_STD)
    torch.testing.assert_close(white[:, 5, 5], expected)


def test_a_prepared_batch_has_the_numbers_of_the_transform() -> None:
    preprocessing = Preprocessing(size=64)
    transform = get_validation_transforms(64)
    batch = prepare([PIXELS, PIXELS[::-1].copy()], preprocessing)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(batch[0], transform(Image.fromarray(PIXELS)), rtol=0, atol=1e-5)
