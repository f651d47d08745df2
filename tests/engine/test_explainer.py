"""engine/explainer.py: one forward pass, all explanations of a batch."""

import hashlib
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.cam.array_output import Array
from engine.cam.forward import forward_pass
from engine.cam.gradcam import GradCAM, find_layer
from engine.cam.torch_methods import grad_cam
from engine.errors import OutOfMemory, UnknownMethod, WrongClass, WrongInput
from engine.explainer import Explainer, Request
from engine.photos.decode import Photo
from engine.photos.transforms import prepare_tensor
from engine.runtimes.base import RuntimeChoice, RuntimeOutput
from models.card_errors import CardError
from models.cards.calibration import Calibration
from models.cards.card import Card
from models.verdicts.confidence import confidences
from models.verdicts.prototypes import Prototypes, unit_length, write_prototypes
from tests.engine.networks import network, save_model


def noise(seed: int, height: int = 60, width: int = 90) -> Photo:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Photo(pixels, width, height, "PNG")


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Card:
    return save_model(tmp_path_factory.mktemp("model"), network())


@pytest.fixture(scope="module")
def explainer(card: Card) -> Explainer:
    return Explainer.load(card, "cpu")


def test_predictions_and_maps_are_those_of_the_plain_model(
    card: Card, explainer: Explainer
) -> None:
    photos, model = [noise(0), noise(1)], network()
    batch = prepare_tensor([photo.pixels for photo in photos], card.preprocessing)
    confidence = model(batch).softmax(dim=1).detach()
    for row, made in enumerate(explainer.explain(photos, [Request(), Request()])):
        best = made.predictions[0]
        assert best.class_index == confidence[row].argmax()
        assert best.confidence == pytest.approx(float(confidence[row].max()), abs=1e-5)
        assert best.class_name == card.class_names[best.class_index]
        expected = GradCAM(model, "block4")(batch[row])
        np.testing.assert_allclose(made.maps[0].heatmap, expected, atol=1e-4)
        assert made.maps[0].heatmap.dtype == np.float32


def test_the_five_best_classes_come_in_order(explainer: Explainer) -> None:
    (made,) = explainer.explain([noise(0)], [Request(top_k=1)])
    confidences = [prediction.confidence for prediction in made.predictions]
    assert len(confidences) == 5
    assert confidences == sorted(confidences, reverse=True)


def test_mixed_requests_in_one_batch_give_what_they_give_alone(explainer: Explainer) -> None:
    photos = [noise(i) for i in range(4)]
    (seen,) = explainer.explain(photos[1:2], [Request()])
    unlikely = seen.predictions[-1].class_index
    requests = [
        Request(top_k=3),
        Request(top_k=1, class_index=unlikely, method="layercam"),
        Request(top_k=0),
        Request(top_k=2, method="gradcam++"),
    ]
    together = explainer.explain(photos, requests)
    assert [len(made.maps) for made in together] == [3, 2, 0, 2]
    for photo, request, made in zip(photos, requests, together, strict=True):
        (alone,) = explainer.explain([photo], [request])
        for one, other in zip(alone.maps, made.maps, strict=True):
            assert (one.class_index, one.method) == (other.class_index, request.method)
            np.testing.assert_allclose(one.heatmap, other.heatmap, atol=1e-5)
        for first, second in zip(made.predictions, alone.predictions, strict=True):
            assert first.confidence == pytest.approx(second.confidence, abs=1e-5)


def test_a_class_among_the_best_is_explained_once(explainer: Explainer) -> None:
    (made,) = explainer.explain([noise(0)], [Request(top_k=1)])
    best = made.predictions[0].class_index
    (again,) = explainer.explain([noise(0)], [Request(top_k=1, class_index=best)])
    assert [made.class_index for made in again.maps] == [best]


def test_a_map_that_is_zero_says_so(card: Card) -> None:
    model = network()
    with torch.no_grad():
        model.get_parameter("classifier.weight")[0] = -1.0  # every feature map is at least 0
    explainer = Explainer(card, "cpu", model=model)
    (made,) = explainer.explain([noise(0)], [Request(top_k=0, class_index=0)])
    assert made.maps[0].is_zero
    assert not made.maps[0].heatmap.any()


def test_the_callers_model_is_not_touched(card: Card) -> None:
    model = network().train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    Explainer(card, "cpu", model=model).warm_up()
    assert model.training
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_wrong_requests_are_refused_before_the_model_is_asked(explainer: Explainer) -> None:
    with pytest.raises(WrongClass, match="class index is 7; the model has classes 0 to 6"):
        explainer.explain([noise(0)], [Request(class_index=7)])
    with pytest.raises(UnknownMethod, match="'magic'; known are gradcam, hirescam"):
        explainer.explain([noise(0)], [Request(method="magic")])
    with pytest.raises(WrongInput, match="1 photos and 2 requests"):
        explainer.explain([noise(0)], [Request(), Request()])
    assert explainer.explain([], []) == []


def test_weights_that_are_not_those_of_the_card_are_refused(tmp_path: Path) -> None:
    card = save_model(tmp_path, network())
    with card.weights_path.open("ab") as file:
        file.write(b"!")
    with pytest.raises(CardError, match="sha256"):
        Explainer(card, "cpu")


def test_a_gpu_without_memory_gets_halves_then_the_cpu(card: Card) -> None:
    explainer = Explainer(card, "cpu", runtime="torch")
    photos, requests = [noise(i) for i in range(5)], [Request()] * 5
    expected, sizes = explainer.explain(photos, requests), []

    class Full:
        name, half = "torch", False

        def forward(self, batch: Array) -> RuntimeOutput:
            sizes.append(len(batch))
            raise OutOfMemory("CUDA out of memory")

    explainer._runtime = Full()
    for one, other in zip(expected, explainer.explain(photos, requests), strict=True):
        np.testing.assert_allclose(one.maps[0].heatmap, other.maps[0].heatmap, atol=1e-5)
    assert sizes == [5, 2, 1, 1, 3, 1, 2, 1, 1]


def test_what_a_batch_took_is_free_before_its_halves_run(card: Card) -> None:
    explainer = Explainer(card, "cpu", runtime="torch")
    taken: list[weakref.ref[Array]] = []

    class Full:
        name, half = "torch", False

        def forward(self, batch: Array) -> RuntimeOutput:
            assert not [one for one in taken if one() is not None]
            activations = batch.copy()
            taken.append(weakref.ref(activations))
            raise OutOfMemory("CUDA out of memory")

    explainer._runtime = Full()
    explainer.explain([noise(i) for i in range(5)], [Request()] * 5)
    assert len(taken) == 9


@pytest.mark.parametrize("runtime", ["auto", "torch"])
def test_peaks_put_the_classes_of_a_photo_on_one_scale(card: Card, runtime: RuntimeChoice) -> None:
    explainer, model = Explainer(card, "cpu", runtime=runtime), network()
    (made,) = explainer.explain([noise(0)], [Request(top_k=3)])
    batch = prepare_tensor([noise(0).pixels], card.preprocessing)
    seen = forward_pass(model, find_layer(model, "block4"), batch)
    classes = [found.class_index for found in made.maps]
    raw = grad_cam(seen.activations.detach()[[0] * 3], seen.gradients([0] * 3, classes))
    ours = np.stack([found.heatmap * found.peak for found in made.maps])
    np.testing.assert_allclose(ours, raw.numpy(), atol=1e-4 * float(raw.max()))


def test_a_calibrated_model_answers_by_its_temperature_and_thresholds(
    card: Card, explainer: Explainer
) -> None:
    """The means are those of one photo: that passes, its negative does not."""
    seen = explainer.forward([noise(0).pixels])
    means = unit_length(seen.pooled())
    channels = means.shape[1]
    nowhere, all_alike = np.zeros(channels, np.float32), np.eye(channels, dtype=np.float32)
    content = write_prototypes(Prototypes(nowhere, all_alike, means))
    card.weights_path.with_name("means.npy").write_bytes(content)
    table = {"not_a_leaf": 0.9, "unknown": 0.9999, "margin": 0.0, "means": "means.npy"}
    table |= {"temperature": 2.0, "means_sha256": hashlib.sha256(content).hexdigest()}
    figures = {"passed": 1, "confident": 1, "confident_right": 1, "ece": 0}
    doubt = Calibration.model_validate(table | figures | {"data": "here", "photos": 1})
    calibrated = Explainer(card.model_copy(update={"doubt": doubt}), "cpu")
    black = Photo(np.zeros((64, 64, 3), np.uint8), 64, 64, "PNG")
    known, strange = calibrated.explain([noise(0), black], [Request(), Request()])
    assert known.verdict == "confident"
    assert known.score == pytest.approx(1, abs=1e-3)
    assert strange.verdict in ("unknown", "not_a_leaf")
    confidence = confidences((seen.logits / 2).astype(np.float32))
    assert known.predictions[0].confidence == pytest.approx(float(confidence.max()), abs=1e-5)
    (plain,) = explainer.explain([noise(0)], [Request()])
    assert plain.score is None
    assert plain.verdict in ("confident", "low_margin")
