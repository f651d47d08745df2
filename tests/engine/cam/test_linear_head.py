"""engine/cam/linear_head.py: the closed form is what autograd finds, or it is not used."""

import numpy as np
import pytest
import torch

from engine.cam.forward import forward_pass
from engine.cam.gradcam import find_layer
from engine.cam.linear_head import find_linear_head, linear_head_forward_pass
from engine.cam.torch_methods import METHODS, divide_by_peak, get_method
from tests.engine.networks import DeepHead, network, photos

POOLED = [
    ("cropshield_cnn", "block4"),
    ("cropshield_plain", "block4"),
    ("resnet18", "layer4"),
    ("efficientnet_b0", "features"),
]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(("architecture", "layer_name"), POOLED)
def test_the_closed_form_gives_autograds_maps(
    architecture: str, layer_name: str, name: str
) -> None:
    model, x = network(architecture), photos(2)
    layer = find_layer(model, layer_name)
    head = find_linear_head(model, layer, photos(2, seed=5))
    assert head is not None
    closed, seen = (
        linear_head_forward_pass(model, layer, head.weight.detach(), x),
        forward_pass(model, layer, x),
    )
    torch.testing.assert_close(closed.logits, seen.logits.detach(), atol=1e-5, rtol=1e-5)
    pairs = [0, 0, 1], [3, 1, 6]
    maps = [
        divide_by_peak(get_method(name)(one.activations.detach()[pairs[0]], one.gradients(*pairs)))
        for one in (closed, seen)
    ]
    torch.testing.assert_close(*maps, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("architecture", "layer_name"), POOLED)
def test_the_raw_map_sums_up_to_the_logit(architecture: str, layer_name: str) -> None:
    # Completeness: sum_ij sum_k W_ck A_kij / (h w) + b_c = y_c.
    model, x = network(architecture), photos(1)
    layer = find_layer(model, layer_name)
    head = find_linear_head(model, layer, photos(2, seed=5))
    assert head is not None
    seen = linear_head_forward_pass(model, layer, head.weight.detach(), x)
    raw = (seen.activations * seen.gradients([0], [2])).sum()
    np.testing.assert_allclose(
        float(raw + head.bias[2].detach()), float(seen.logits[0, 2]), atol=1e-5
    )


def test_an_earlier_layer_is_no_pooled_head() -> None:
    model = network()
    assert find_linear_head(model, find_layer(model, "block3"), photos(2)) is None


def test_a_head_with_a_relu_is_no_pooled_head() -> None:
    model = DeepHead().eval()
    assert find_linear_head(model, model.head, photos(2)) is None
