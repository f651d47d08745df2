"""engine/visualize.py: the guide's one-call pictures, strips and files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.cam.gradcam import GradCAM
from engine.errors import WrongInput, WrongLayer
from engine.photos.transforms import get_validation_transforms
from engine.visualize import (
    _shared_scale,
    compare_top_k,
    generate_gradcam_visualization,
    get_target_layer,
    save_gradcam,
    visualize_gradcam_grid,
)
from tests.engine.networks import network, photos
from tests.pictures.files import file_of, scene


@pytest.mark.parametrize(
    ("architecture", "model_type", "name"),
    [
        ("cropshield_cnn", "custom", "block4"),
        ("efficientnet_b0", "efficientnet_b0", "features"),
        ("resnet18", "resnet18", "layer4"),
    ],
)
def test_the_target_layer_of_each_model_type(architecture: str, model_type: str, name: str) -> None:
    model = network(architecture)
    assert get_target_layer(model, model_type) is model.get_submodule(name)


def test_an_unknown_model_type_is_named() -> None:
    with pytest.raises(WrongLayer, match="'vgg'; known are custom, efficientnet_b0, resnet18"):
        get_target_layer(network(), "vgg")


def test_an_overlay_comes_with_its_map_when_asked_for(tmp_path: Path) -> None:
    path, model = tmp_path / "leaf.png", network()
    path.write_bytes(file_of(scene(), "PNG"))
    overlay = generate_gradcam_visualization(model, path, "block4")
    assert isinstance(overlay, np.ndarray)
    assert overlay.shape == (40, 60, 3)
    again, heatmap = generate_gradcam_visualization(
        model, scene(), model.get_submodule("block4"), return_heatmap=True
    )
    np.testing.assert_array_equal(again, overlay)
    assert heatmap.shape == (14, 14)
    assert heatmap.dtype == np.float32


def test_a_tensor_is_shown_as_the_photo_that_it_was() -> None:
    tensor = get_validation_transforms()(scene())
    shown = generate_gradcam_visualization(network(), tensor, "block4", alpha=0.0)
    assert isinstance(shown, np.ndarray)
    expected = np.asarray(scene().resize((224, 224), Image.Resampling.BILINEAR))
    assert np.abs(shown.astype(int) - expected).max() <= 1


def test_a_grid_keeps_the_aspect_of_each_picture(tmp_path: Path) -> None:
    tall, wide = Image.new("RGB", (50, 200), "green"), Image.new("RGB", (300, 100), "green")
    target = tmp_path / "new" / "grid.png"
    grid = visualize_gradcam_grid(
        network(), [tall, wide], "block4", class_indices=[1, None], save_path=target, alpha=0.0
    )
    with Image.open(target) as saved:
        np.testing.assert_array_equal(np.asarray(saved), grid)
    green = (grid == (0, 128, 0)).all(axis=2)
    # two copies each: 50 x 200, and 300 x 100 shrunk to 256 x 85
    assert green.sum() == 2 * (50 * 200 + 256 * 85)


def test_wrong_grids_are_named(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="1 class indices; needed is one for each of 2"):
        visualize_gradcam_grid(network(), [scene()] * 2, "block4", class_indices=[0])
    with pytest.raises(ValueError, match=r"grid\.gif has no suffix of a known"):
        visualize_gradcam_grid(network(), [scene()], "block4", save_path=tmp_path / "grid.gif")


NAMES = [f"class {i}" for i in range(7)]


def test_a_strip_shows_the_photo_and_its_best_classes(tmp_path: Path) -> None:
    target = tmp_path / "strip.png"
    strip = compare_top_k(network(), scene(), "block4", NAMES, k=3, save_path=target)
    assert target.exists()
    assert strip.shape[1] > 4 * 256
    assert strip.shape[1] > 3 * strip.shape[0]


def test_maps_share_the_scale_of_the_hottest() -> None:
    model, x = network("resnet18"), photos(1)
    cam = GradCAM(model, "layer4")
    maps, classes, confidences = _shared_scale(cam, x, 3, "gradcam")
    assert max(heatmap.max() for heatmap in maps) == 1.0
    assert confidences == sorted(confidences, reverse=True)
    for heatmap, own in zip(maps, cam(x, classes), strict=True):
        np.testing.assert_allclose(heatmap, own * heatmap.max(), atol=1e-6)


def test_class_names_that_are_too_few_are_named() -> None:
    with pytest.raises(WrongInput, match="1 class names; needed is at least"):
        compare_top_k(network(), scene(), "block4", NAMES[:1], k=7)


def test_an_overlay_is_saved_with_its_map(tmp_path: Path) -> None:
    heatmap = np.random.default_rng(0).random((14, 14), dtype=np.float32)
    target = save_gradcam(np.zeros((8, 8, 3), np.uint8), tmp_path / "new" / "leaf.jpg", heatmap)
    assert target.read_bytes()[:2] == b"\xff\xd8"
    np.testing.assert_array_equal(np.load(tmp_path / "new" / "leaf.npy"), heatmap)
