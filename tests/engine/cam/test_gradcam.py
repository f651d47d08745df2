"""engine/cam/gradcam.py: the paper's maps, and nothing left on the model."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from pytorch_grad_cam import GradCAM as PeerGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torchvision.ops import Permute

from engine.cam.gradcam import GradCAM
from engine.errors import WrongClass, WrongInput, WrongLayer
from pictures.maps import Map
from tests.engine.networks import ByHand, DeepHead, network, photos

ARCHITECTURES = [
    ("cropshield_cnn", "block4"),
    ("cropshield_plain", "block4"),
    ("resnet18", "layer4"),
    ("efficientnet_b0", "features"),
]
A = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]]]])


def best(model: nn.Module, x: torch.Tensor) -> int:
    with torch.no_grad():
        return int(model(x).argmax())


def test_the_maps_of_a_2_x_2_example_are_those_of_the_paper() -> None:
    # Class 0: weights are the mean gradients, 4/4 = 1 and -8/4 = -2.
    # ReLU(1 A1 - 2 A2) = ReLU([[1, 0], [1, 4]]) = [[1, 0], [1, 4]]; its maximum is 4.
    cam = GradCAM(ByHand(), "maps")
    np.testing.assert_allclose(cam(A, 0), [[0.25, 0.0], [0.25, 1.0]], atol=1e-7)
    # Class 1: weights -1 and 1. ReLU([[-1, -1], [-2, -4]]) is zero and stays zero.
    np.testing.assert_array_equal(cam(A, 1), np.zeros((2, 2)))


def test_the_most_likely_class_is_explained_without_an_index() -> None:
    # Logits are 4 * 2.5 - 8 * 0.5 + 0.5 = 6.5 and -4 * 2.5 + 4 * 0.5 = -8.
    cam = GradCAM(ByHand(), "maps")
    np.testing.assert_array_equal(cam(A), cam(A, 0))


def test_a_positive_floor_of_the_map_is_kept() -> None:
    model = ByHand()
    with torch.no_grad():
        model.classifier.weight[0] = torch.tensor([4.0, 0.0])
    expected = [[0.25, 0.5], [0.75, 1.0]]
    np.testing.assert_allclose(GradCAM(model, "maps")(A, 0), expected, atol=1e-7)


@pytest.mark.parametrize(("architecture", "layer"), ARCHITECTURES)
def test_maps_equal_captums(architecture: str, layer: str) -> None:
    model, x = network(architecture), photos(1)
    theirs = LayerGradCam(model, model.get_submodule(layer)).attribute(
        x, target=best(model, x), relu_attributions=True
    )
    expected = (theirs / theirs.max())[0, 0].detach().numpy()
    assert expected.any()
    np.testing.assert_allclose(GradCAM(model, layer)(x), expected, atol=1e-5)


@pytest.mark.parametrize(("architecture", "layer"), ARCHITECTURES)
def test_maps_equal_those_of_pytorch_grad_cam(architecture: str, layer: str) -> None:
    # It scales by minimum and maximum, so its weighted sum is taken before that.
    model, x = network(architecture), photos(1)
    target = model.get_submodule(layer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with PeerGradCAM(model, [target]) as peer:
            peer(x, [ClassifierOutputTarget(best(model, x))])
            activations = peer.activations_and_grads.activations[0].numpy()
            gradients = peer.activations_and_grads.gradients[0].numpy()
            raw = peer.get_cam_image(x, target, [], activations, gradients, eigen_smooth=False)
    raw = np.maximum(raw[0], 0)
    assert raw.any()
    np.testing.assert_allclose(GradCAM(model, layer)(x), raw / raw.max(), atol=1e-5)


def reference(model: nn.Module, x: torch.Tensor, index: int) -> Map:
    """Grad-CAM of a DeepHead's `body` by plain autograd, nothing in place."""
    assert isinstance(model, DeepHead)
    a = model.body(x).detach().requires_grad_()
    y = a.relu()
    y = (y + model.head(y)).relu().mean(dim=(2, 3))
    (gradient,) = torch.autograd.grad(model.classifier(y)[0, index], a)
    raw = (gradient.mean(dim=(2, 3), keepdim=True) * a).sum(1).relu()[0].detach()
    return np.asarray(raw / raw.max())


@pytest.fixture
def deep() -> DeepHead:
    torch.manual_seed(3)
    return DeepHead().eval()


def test_an_in_place_relu_above_the_layer_changes_nothing(deep: DeepHead) -> None:
    x = photos(1)
    np.testing.assert_allclose(GradCAM(deep, "body")(x, 1), reference(deep, x, 1), atol=1e-6)


@pytest.mark.parametrize("outer", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_maps_are_the_same_in_every_outer_gradient_mode(deep: DeepHead, outer: type) -> None:
    x = photos(1)
    with outer():
        made = GradCAM(deep, "body")(x.clone(), 1)
        assert torch.is_grad_enabled() == (outer is torch.enable_grad)
    np.testing.assert_allclose(made, reference(deep, x, 1), atol=1e-6)


def test_frozen_weights_are_explained(deep: DeepHead) -> None:
    x = photos(1)
    expected = reference(deep, x, 1)
    deep.requires_grad_(requires_grad=False)
    np.testing.assert_allclose(GradCAM(deep, "body")(x, 1), expected, atol=1e-6)


def test_nothing_is_left_on_the_model(deep: DeepHead) -> None:
    deep.train()
    deep.head[1].eval()
    before = {key: value.clone() for key, value in deep.state_dict().items()}
    x = photos(1).requires_grad_()
    GradCAM(deep, "body")(x)
    assert x.grad is None
    assert all(parameter.grad is None for parameter in deep.parameters())
    assert not any(module._forward_hooks or module._backward_hooks for module in deep.modules())
    modes = {name: module.training for name, module in deep.named_modules()}
    assert not modes.pop("head.1")
    assert all(modes.values())
    assert all(torch.equal(value, before[key]) for key, value in deep.state_dict().items())


def test_dropout_is_off_while_a_model_in_training_is_explained(deep: DeepHead) -> None:
    x = photos(1)
    expected = GradCAM(deep, "body")(x, 1)
    np.testing.assert_array_equal(GradCAM(deep.train(), "body")(x, 1), expected)


def test_a_failure_in_the_model_leaves_no_hook(deep: DeepHead) -> None:
    deep.train()
    with pytest.raises(WrongInput, match="channels"):
        GradCAM(deep, "body")(torch.zeros(1, 4, 64, 64))
    assert not deep.body._forward_hooks
    assert deep.training


@pytest.mark.parametrize("shared", [True, False])
def test_eight_threads_on_one_model_get_their_own_maps(deep: DeepHead, shared: bool) -> None:
    deep.train()
    one, inputs = GradCAM(deep, "body"), photos(48)
    expected = [one(x, 1) for x in inputs]

    def explain(x: torch.Tensor) -> Map:
        return (one if shared else GradCAM(deep, "body"))(x, 1)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(explain, inputs))
    np.testing.assert_allclose(np.stack(made), np.stack(expected), atol=1e-6)
    assert deep.training
    assert not deep.body._forward_hooks


def test_another_threads_plain_forward_sees_no_hook(deep: DeepHead) -> None:
    x = photos(1)
    with torch.no_grad():
        expected = deep(x)

    def plain(_: int) -> bool:
        with torch.no_grad():
            return torch.equal(deep(x), expected)

    with ThreadPoolExecutor(4) as pool:
        maps = [pool.submit(GradCAM(deep, "body"), x) for _ in range(20)]
        assert all(pool.map(plain, range(20)))
        assert all(done.result().shape == (16, 16) for done in maps)


def test_a_batch_gives_the_maps_of_its_photos(deep: DeepHead) -> None:
    cam, batch = GradCAM(deep, "body"), photos(3)
    alone = np.stack([cam(x) for x in batch])
    assert alone.shape == (3, 16, 16)
    np.testing.assert_allclose(cam(batch), alone, atol=1e-5)
    np.testing.assert_allclose(cam(batch, 2)[1], cam(batch[1], 2), atol=1e-5)
    np.testing.assert_allclose(cam(batch, [0, 1, 2])[2], cam(batch[2], 2), atol=1e-5)


def test_a_list_of_classes_gives_a_map_each(deep: DeepHead) -> None:
    cam, x = GradCAM(deep, "body"), photos(1)
    maps = cam(x, [4, 0, 4])
    assert maps.shape == (3, 16, 16)
    for made, index in zip(maps, [4, 0, 4], strict=True):
        np.testing.assert_allclose(made, cam(x, index), atol=1e-6)


@pytest.mark.parametrize("wrong", [-1, 5, 99, True, 1.0, "2"])
def test_a_wrong_class_index_names_itself_and_the_classes(deep: DeepHead, wrong: int) -> None:
    with pytest.raises(WrongClass, match=rf"class index is {wrong}; .* 0 to 4"):
        GradCAM(deep, "body")(photos(1), [wrong])


def test_a_wrong_number_of_classes_is_refused(deep: DeepHead) -> None:
    with pytest.raises(WrongInput, match="2 class indices; needed is one for each of 3 photos"):
        GradCAM(deep, "body")(photos(3), [0, 1])


@pytest.mark.parametrize("shape", [(64, 64), (1, 1, 3, 64, 64), (0, 3, 64, 64)])
def test_a_wrong_tensor_shape_is_named(deep: DeepHead, shape: tuple[int, ...]) -> None:
    with pytest.raises(WrongInput, match=r"\(N, 3, height, width\)"):
        GradCAM(deep, "body")(torch.zeros(shape))


def test_an_input_that_is_no_float_tensor_is_named(deep: DeepHead) -> None:
    with pytest.raises(WrongInput, match="uint8"):
        GradCAM(deep, "body")(torch.zeros(1, 3, 8, 8, dtype=torch.uint8))
    with pytest.raises(WrongInput, match="ndarray"):
        GradCAM(deep, "body")(np.zeros((1, 3, 8, 8), np.float32))  # type: ignore[arg-type]


def test_a_layer_without_spatial_sides_is_refused(deep: DeepHead) -> None:
    with pytest.raises(WrongLayer, match=r"gives shape \(1, 5\); needed is \(1, channels"):
        GradCAM(deep, "classifier")(photos(1))
    with pytest.raises(WrongLayer, match=r"shape \(1, 192, 1, 1\)"):
        GradCAM(network(), "pool")(photos(1))


def test_a_layer_of_tokens_is_refused() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Linear(3 * 64, 8)
            self.classifier = nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.classifier(
                self.encoder(x.permute(0, 2, 1, 3).flatten(2))[:, 0]
            )
            return out

    with pytest.raises(WrongLayer, match=r"gives shape \(1, 64, 8\)"):
        GradCAM(Tokens(), "encoder")(photos(1))


def test_an_unknown_layer_is_named(deep: DeepHead) -> None:
    with pytest.raises(WrongLayer, match="no layer 'block9'; it starts with body"):
        GradCAM(deep, "block9")
    with pytest.raises(WrongLayer, match="Conv2d is no layer of DeepHead"):
        GradCAM(deep, nn.Conv2d(3, 3, 1))


def test_a_layer_that_the_forward_pass_never_reaches_is_refused(deep: DeepHead) -> None:
    deep.spare = nn.Conv2d(3, 3, 1)
    with pytest.raises(WrongLayer, match="never reached"):
        GradCAM(deep, "spare")(photos(1))


def test_a_layer_without_influence_is_refused() -> None:
    class Aside(DeepHead):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.body(x)
            return torch.ones(len(x), 5)

    model = Aside().requires_grad_(requires_grad=False)
    with pytest.raises(WrongLayer, match="do not depend"):
        GradCAM(model, "body")(photos(1))


@pytest.mark.parametrize("form", ["tuple", "dict", "logits"])
def test_a_model_with_several_outputs_is_explained(deep: DeepHead, form: str) -> None:
    class Named:
        def __init__(self, logits: torch.Tensor) -> None:
            self.logits = logits

    class Several(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = deep

        def forward(self, x: torch.Tensor) -> object:
            y = self.inner(x)
            forms = {"tuple": (y, x), "dict": {"x": x, "logits": y}, "logits": Named(y)}
            return forms[form]

    x = photos(1)
    np.testing.assert_array_equal(GradCAM(Several(), deep.body)(x), GradCAM(deep, "body")(x))


def test_wrapped_models_are_explained(deep: DeepHead) -> None:
    x = photos(1)
    expected = GradCAM(deep, "body")(x)
    np.testing.assert_array_equal(GradCAM(nn.DataParallel(deep), "body")(x), expected)
    compiled = cast(nn.Module, torch.compile(deep, backend="eager"))
    np.testing.assert_array_equal(GradCAM(compiled, deep.body)(x), expected)


def test_the_overlay_has_the_photos_size() -> None:
    photo = np.full((30, 50, 3), 100, np.uint8)
    with GradCAM(ByHand(), "maps") as cam:
        overlay = cam.generate_heatmap_overlay(photo, cam(A, 0), alpha=0.3)
    assert overlay.shape == (30, 50, 3)
    assert overlay.dtype == np.uint8
    assert overlay[-1, -1, 0] > overlay[0, -1, 0]  # hot is red in RGB


def test_cuda_falls_back_to_the_cpu_with_a_warning(deep: DeepHead) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.warns(RuntimeWarning, match="cuda is not available; using the CPU"):
        cam = GradCAM(deep, "body", device="cuda")
    assert cam.device.type == "cpu"


@pytest.mark.parametrize(
    "wanted",
    [np.int64(2), np.array(2), torch.tensor(2), np.uint8(2)],
    ids=["NumPy integer", "0-d array", "0-d tensor", "uint8"],
)
def test_a_class_index_may_come_out_of_an_array_or_tensor(deep: DeepHead, wanted: Any) -> None:
    cam, photo = GradCAM(deep, "body"), torch.rand(1, 3, 32, 32)
    np.testing.assert_array_equal(cam(photo, wanted), cam(photo, 2))


@pytest.mark.parametrize("wanted", [np.array([1, 2]), torch.tensor([1, 2])])
def test_labels_of_a_batch_may_be_an_array_or_tensor(deep: DeepHead, wanted: Any) -> None:
    cam, photos = GradCAM(deep, "body"), torch.rand(2, 3, 32, 32)
    np.testing.assert_array_equal(cam(photos, wanted), cam(photos, [1, 2]))


@pytest.mark.parametrize(
    "wanted", [np.array([0.5]), torch.tensor([[1, 2]]), torch.tensor([True, False])]
)
def test_labels_that_are_no_whole_numbers_are_named(deep: DeepHead, wanted: Any) -> None:
    with pytest.raises(WrongInput, match=r"class indices of (float64|int64|bool) and shape"):
        GradCAM(deep, "body")(torch.rand(2, 3, 32, 32), wanted)


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.bfloat16])
def test_inputs_of_other_float_types_are_taken(deep: DeepHead, kind: torch.dtype) -> None:
    cam, photo = GradCAM(deep, "body"), torch.rand(1, 3, 32, 32)
    np.testing.assert_allclose(cam(photo.to(kind), 1), cam(photo.to(kind).float(), 1), atol=1e-6)


def test_other_channels_than_the_model_takes_are_named(deep: DeepHead) -> None:
    with pytest.raises(WrongInput, match=r"shape \(1, 4, 32, 32\); needed is 3 channels"):
        GradCAM(deep, "body")(torch.rand(1, 4, 32, 32))


def test_maps_are_made_in_float32_under_autocast(deep: DeepHead) -> None:
    cam, photo = GradCAM(deep, "body"), torch.rand(1, 3, 32, 32)
    with torch.autocast("cpu", torch.bfloat16):
        heatmap = cam(photo, 1)
    assert heatmap.dtype == np.float32
    np.testing.assert_allclose(heatmap, cam(photo, 1), atol=0.1)


class ChannelsLast(nn.Module):
    """Ends as a Swin Transformer does: maps (N, h, w, K), normalised, permuted, pooled."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 24, kernel_size=8, stride=8)
        self.norm = nn.LayerNorm(24)
        self.permute = Permute([0, 3, 1, 2])
        self.classifier = nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.permute(self.norm(self.body(x).permute(0, 2, 3, 1)))
        logits: Tensor = self.classifier(x.mean((2, 3)))
        return logits


@pytest.mark.parametrize("size", [(64, 64), (64, 96), (96, 64)])
def test_maps_with_channels_last_are_refused_with_the_way_to_do_it(size: tuple[int, int]) -> None:
    model, photo = ChannelsLast().eval(), torch.rand(1, 3, *size)
    with pytest.raises(WrongLayer, match=r"channels last.*Permute\(\[0, 3, 1, 2\]\)"):
        GradCAM(model, "norm")(photo)
    assert GradCAM(model, "permute")(photo).shape == (size[0] // 8, size[1] // 8)
