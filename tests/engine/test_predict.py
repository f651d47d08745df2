"""engine/predict.py: any form of a picture, the best classes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.errors import WrongInput
from engine.loading import load_model_once
from engine.photos.transforms import get_model_transforms, get_validation_transforms
from engine.predict import predict_disease
from tests.engine.networks import network, save_model
from tests.pictures.files import file_of, scene

NAMES = [f"class {i}" for i in range(7)]


def test_every_form_of_a_picture_gives_the_same_classes(tmp_path: Path) -> None:
    path, model = tmp_path / "leaf.png", network()
    path.write_bytes(file_of(scene(), "PNG"))
    tensor = get_validation_transforms()(scene())
    forms = [path, str(path), scene(), np.asarray(scene()), tensor, tensor[None]]
    made = [predict_disease(form, model, NAMES, "cpu") for form in forms]
    assert all(one == made[0] for one in made)
    assert len(made[0]) == 3
    confidences = [confidence for _, confidence in made[0]]
    assert confidences == sorted(confidences, reverse=True)
    with torch.no_grad():
        expected = model(tensor[None]).softmax(dim=1).max()
    assert confidences[0] == pytest.approx(float(expected), abs=1e-6)


def test_a_photo_has_the_size_that_the_card_says(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    model, names, device = load_model_once(card.weights_path)
    tensor = get_validation_transforms(64)(scene())
    assert predict_disease(scene(), model, names, device) == predict_disease(
        tensor, model, names, device
    )


def test_more_classes_than_there_are_gives_all() -> None:
    made = predict_disease(scene(), network(), NAMES, "cpu", top_k=99)
    assert len(made) == 7
    assert sum(confidence for _, confidence in made) == pytest.approx(1.0, abs=1e-5)


def test_wrong_tensors_and_class_lists_are_named() -> None:
    with pytest.raises(WrongInput, match=r"shape \(2, 3, 8, 8\)"):
        predict_disease(torch.zeros(2, 3, 8, 8), network(), NAMES, "cpu")
    with pytest.raises(WrongInput, match="2 class names; needed is one for each of 7"):
        predict_disease(scene(), network(), NAMES[:2], "cpu")


def test_cuda_without_a_gpu_is_the_cpu_with_a_warning() -> None:
    model, names = network(), [str(i) for i in range(7)]
    with pytest.warns(RuntimeWarning, match="using the CPU"):
        found = predict_disease(torch.rand(3, 64, 64), model, names, device="cuda")
    assert len(found) == 3


def test_a_picture_with_exif_gives_what_its_file_gives(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.png"
    Image.fromarray(np.asarray(scene())).save(path, exif=exif)
    model, names = network(), [str(i) for i in range(7)]
    with Image.open(path) as opened:
        inputs = get_model_transforms(model)(opened)
        found = [predict_disease(x, model, names, "cpu") for x in (path, opened, inputs)]
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK", "L"])
def test_transforms_take_pictures_of_any_mode(mode: str) -> None:
    picture = Image.fromarray(np.asarray(scene()))
    transform = get_validation_transforms(32)
    apart = transform(picture.convert(mode)) - transform(picture.convert(mode).convert("RGB"))
    assert float(apart.abs().max()) < 0.05
