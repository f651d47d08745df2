"""engine/photos/transforms.py: the numbers of training."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from engine.loading import load_weights
from engine.photos.transforms import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    get_model_transforms,
    get_validation_transforms,
    prepare_tensor,
)
from models.cards.card import Preprocessing
from tests.engine.networks import network, save_model

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
    batch = prepare_tensor([PIXELS, PIXELS[::-1].copy()], preprocessing)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    level = 1 / 255 / 0.224
    torch.testing.assert_close(
        batch[0], transform(Image.fromarray(PIXELS)), rtol=0, atol=1.1 * level
    )


def test_a_loaded_model_is_given_what_its_card_says(tmp_path: Path) -> None:
    """Also where it is copied or wrapped; others get the numbers of ImageNet."""
    model = load_weights(save_model(tmp_path, network()), torch.device("cpu"))
    photo = Image.fromarray(PIXELS)
    for form in (model, deepcopy(model), torch.nn.DataParallel(model)):
        torch.testing.assert_close(
            get_model_transforms(form)(photo), get_validation_transforms(64)(photo)
        )
    assert get_model_transforms(network())(photo).shape == (3, 224, 224)
