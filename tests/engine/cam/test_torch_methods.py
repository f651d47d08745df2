"""engine/cam/torch_methods.py: the papers' formulas, by hand and against pytorch-grad-cam."""

import warnings

import numpy as np
import pytest
import pytorch_grad_cam as peers
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor

from engine.cam.gradcam import GradCAM
from engine.cam.torch_methods import METHODS, divide_by_peak, get_method
from engine.errors import UnknownMethod
from tests.engine.networks import network, photos

A = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]]]])
G = torch.tensor([[[[1.0, -1.0], [0.0, 2.0]], [[-1.0, 2.0], [1.0, 1.0]]]])
BY_HAND = {
    # weights 0.5 and 0.75
    "gradcam": [[0.5, 1.75], [2.25, 2.0]],
    # G * A summed: 1 + 0, -2 + 2, 0 + 1, 8 + 0
    "hirescam": [[1.0, 0.0], [1.0, 8.0]],
    # weights sum(G A) / sum(A): 7/10 and 3/2
    "xgradcam": [[0.7, 2.9], [3.6, 2.8]],
    # ReLU(G) * A summed: 1 + 0, 0 + 2, 0 + 1, 8 + 0
    "layercam": [[1.0, 2.0], [1.0, 8.0]],
}
PEERS = {
    "gradcam": peers.GradCAM,
    "hirescam": peers.HiResCAM,
    "xgradcam": peers.XGradCAM,
    "gradcam++": peers.GradCAMPlusPlus,
    "layercam": peers.LayerCAM,
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_2_x_2_example_by_hand(name: str) -> None:
    np.testing.assert_allclose(get_method(name)(A, G)[0], BY_HAND[name], atol=1e-5)


def test_grad_cam_plus_plus_by_hand() -> None:
    # alpha = g^2 / (2 g^2 + sum(A) g^3); the positive gradients' alphas are
    # 1/(2 + 10) and 4/(8 + 80) for the first map, 4/(8 + 16), 1/4 and 1/4 for the second.
    first, second = 1 / 12 + 2 * 4 / 88, 2 * 4 / 24 + 1 / 4 + 1 / 4
    expected = first * A[0, 0] + second * A[0, 1]
    np.testing.assert_allclose(get_method("gradcam++")(A, G)[0], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "layer"), [("cropshield_cnn", "block3"), ("efficientnet_b0", "features.7")]
)
@pytest.mark.parametrize("name", METHODS)
def test_maps_equal_those_of_pytorch_grad_cam(architecture: str, layer: str, name: str) -> None:
    # Its own scaling (by minimum and maximum) is left out: `get_cam_image` comes before it.
    model, x = network(architecture), photos(1)
    target = model.get_submodule(layer)
    with torch.no_grad():
        best = int(model(x).argmax())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with PEERS[name](model, [target]) as peer:
            peer(x, [ClassifierOutputTarget(best)])
            activations = peer.activations_and_grads.activations[0].numpy()
            gradients = peer.activations_and_grads.gradients[0].numpy()
            raw = peer.get_cam_image(x, target, [], activations, gradients, eigen_smooth=False)
    expected = np.maximum(raw[0], 0)
    assert expected.any()
    made = GradCAM(model, layer, method_name=name)(x, best)
    np.testing.assert_allclose(made, expected / expected.max(), atol=1e-4)


def test_hires_cam_is_grad_cam_for_a_pooled_linear_head() -> None:
    model, x = network("resnet18"), photos(1)
    gradcam, hirescam = (
        GradCAM(model, "layer4", method_name=name)(x) for name in ("gradcam", "hirescam")
    )
    np.testing.assert_allclose(gradcam, hirescam, atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("fill", [0.0, -1.0])
def test_a_map_that_nothing_speaks_for_stays_zero(name: str, fill: float) -> None:
    gradients = torch.full_like(A, fill)
    made: Tensor = divide_by_peak(get_method(name)(A, gradients))
    assert torch.equal(made, torch.zeros(1, 2, 2))


def test_an_unknown_method_lists_the_known_ones() -> None:
    with pytest.raises(UnknownMethod, match="'cam'; known are gradcam, hirescam, xgradcam"):
        get_method("cam")
