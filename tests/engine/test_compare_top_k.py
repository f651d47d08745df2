"""engine/visualize.py: strips, legends and files."""

from pathlib import Path

import numpy as np
import pytest

from engine.cam.gradcam import GradCAM
from engine.errors import WrongInput
from engine.visualize import _shared_scale, compare_top_k, save_gradcam
from tests.engine.networks import network, photos
from tests.pictures.files import scene

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
