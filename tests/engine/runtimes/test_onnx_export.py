"""engine/runtimes/onnx_export.py and select.py: a graph of the card's own, without torch."""

import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from cli.cards.edit import update_card
from cli.cards.export import export_card
from engine.cam.forward import forward_pass
from engine.errors import WrongLayer
from engine.explainer import Explainer, Request
from engine.runtimes import onnx_export
from engine.runtimes.base import RuntimeOptions
from engine.runtimes.gradient_graph import trace_gradients
from engine.runtimes.openvino import GraphFile, core
from engine.runtimes.select import check_model, select_runtime
from engine.runtimes.torch import TorchRuntime, torch_runtime
from models.card_errors import CardError
from models.cards.card import Card, read_card
from models.catalog import Catalog
from tests.engine.graphs import exported_model, halved
from tests.engine.networks import network, save_model, with_statistics
from tests.engine.runtimes.test_openvino import MIXED, leaf, same
from tests.engine.test_explainer import noise


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Card:
    return exported_model(tmp_path_factory.mktemp("model"))


def changed(card: Card, folder: Path, **values: object) -> Card:
    """The card with other values in its [graph] table, in a folder of its own."""
    for file in card.path.parent.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    update_card(folder / card.path.name, dict(values), "graph")
    return read_card(folder / card.path.name)


def test_a_graph_of_its_own_says_what_torch_says(card: Card, tmp_path: Path) -> None:
    own = Explainer(card, "cpu", cache=tmp_path)
    reference = Explainer(card, "cpu", runtime="torch")
    assert (own.runtime, reference.runtime) == ("graph", "torch")
    assert own.box == pytest.approx(reference.box, abs=1e-6)
    photos = [noise(seed) for seed in range(len(MIXED))]
    same(reference.explain(photos, MIXED), own.explain(photos, MIXED))
    assert not list(tmp_path.iterdir()), "nothing was exported at the start"


@pytest.mark.parametrize("card", list(Catalog()), ids=lambda card: card.id)
def test_the_graph_that_is_bundled_says_what_torch_says(card: Card) -> None:
    own, reference = Explainer(card, "cpu"), Explainer(card, "cpu", runtime="torch")
    assert (own.runtime, reference.runtime) == ("graph", "torch")
    assert own.box == pytest.approx(reference.box, abs=1e-6)
    photos = [leaf(seed) for seed in range(len(MIXED))]
    same(reference.explain(photos, MIXED), own.explain(photos, MIXED), atol=3e-4)


def test_what_half_precision_holds_is_kept_in_it_without_a_loss(card: Card) -> None:
    assert card.graph_path
    kinds = {one.name: one.data_type for one in onnx.load(card.graph_path).graph.initializer}
    filters = [kind for name, kind in kinds.items() if ".half" in name]
    assert len(filters) >= 4
    assert set(filters) == {onnx.TensorProto.FLOAT16}


def test_norms_and_widened_weights_are_folded_when_a_graph_is_read(card: Card) -> None:
    """In bfloat16 a norm of its own rounds twice: best classes of `cropshield_cnn` were lost."""
    assert card.graph_path
    stored = {node.op_type for node in onnx.load(card.graph_path).graph.node}
    assert {"BatchNormalization", "Cast"} <= stored
    forward = GraphFile(card.graph_path)._part(["logits", "activations"], ["photos"])
    kinds = {node.get_type_name() for node in forward.get_ordered_ops()}
    assert "Convolution" in kinds
    assert not {"BatchNormInference", "Convert"} & kinds


def test_weights_that_half_precision_does_not_hold_stay_as_they_are(tmp_path: Path) -> None:
    exact = exported_model(tmp_path, network())
    assert exact.graph_path
    kinds = {one.data_type for one in onnx.load(exact.graph_path).graph.initializer}
    assert onnx.TensorProto.FLOAT16 not in kinds


@pytest.mark.parametrize(
    "values", [{"weights_sha256": "00"}, {"target_layer": "block3"}, {"size": 96}]
)
def test_a_graph_of_something_else_is_not_used(
    card: Card, tmp_path: Path, caplog: pytest.LogCaptureFixture, values: dict[str, object]
) -> None:
    other = changed(card, tmp_path, **values)
    selected = select_runtime(other, "cpu", None, RuntimeOptions("auto", cache=tmp_path / "cache"))
    assert (tmp_path / "cache").is_dir(), "exported by torch"
    assert selected.runtime.name == "graph"
    assert "model tiny: its graph is of other weights, another target layer" in caplog.text


def test_a_layer_without_a_graph_runs_in_torch(card: Card) -> None:
    deeper = card.model_copy(update={"target_layer": "block3"})
    assert Explainer(deeper, "cpu").runtime == "torch"


def test_a_graph_that_is_missing_or_changed_is_refused(card: Card, tmp_path: Path) -> None:
    other = changed(card, tmp_path)
    assert other.graph_path
    other.graph_path.write_bytes(b"changed")
    for refused in (other.verify, lambda: check_model(other, "cpu", "auto")):
        with pytest.raises(CardError, match=r"graph\.sha256: sha256 is .*, but tiny\.onnx has"):
            refused()
    other.graph_path.unlink()
    with pytest.raises(CardError, match=r"graph file .*tiny\.onnx is missing"):
        Explainer(other, "cpu")


def test_a_layer_below_the_head_has_its_gradients_in_the_graph(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    deeper = save_model(tmp_path, halved(network()))
    update_card(deeper.path, {"target_layer": "block3"})
    export_card(read_card(deeper.path))
    own = Explainer(read_card(deeper.path), "cpu", precision="bfloat16")
    reference = Explainer(read_card(deeper.path), "cpu", runtime="torch")
    assert (own.runtime, own.precision) == ("graph", "float32")
    assert "model tiny runs in float32: its head is not pooled and linear" in caplog.text
    assert own.box == pytest.approx(reference.box, abs=1e-6)
    photos = [noise(seed) for seed in range(len(MIXED))]
    same(reference.explain(photos, MIXED), own.explain(photos, MIXED))


def test_a_graph_that_disagrees_with_torch_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = onnx_export._compare_with_torch

    def prove_another(content: bytes, reference: TorchRuntime, card: Card) -> None:
        other = torch_runtime(network(seed=9), card, reference.device)
        honest(content, other, card)

    monkeypatch.setattr(onnx_export, "_compare_with_torch", prove_another)
    card = save_model(tmp_path, network())
    with pytest.raises(WrongLayer, match="the graph of tiny is not what torch says"):
        export_card(card)
    assert not list(tmp_path.glob("*.onnx*"))


def test_below_float32_only_what_is_compare_with_torchd(
    card: Card, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("engine.hardware.cpu_has_bfloat16", lambda: True)
    half = Explainer(card, "cpu", precision="auto")
    assert (half.runtime, half.precision) == ("graph", "bfloat16")
    monkeypatch.setattr("engine.runtimes.select.disagreement", lambda *_, **__: "another")
    with caplog.at_level(logging.WARNING):
        assert Explainer(card, "cpu", precision="auto").precision == "float32"
    assert "model tiny: no graph in bfloat16: another" in caplog.text


def test_the_same_photo_alone_and_in_a_batch(card: Card) -> None:
    graph = Explainer(card, "cpu")
    photos = [noise(seed) for seed in range(3)]
    together = graph.explain(photos, [Request()] * 3)
    for photo, made in zip(photos, together, strict=True):
        (alone,) = graph.explain([photo], [Request()])
        np.testing.assert_allclose(made.maps[0].heatmap, alone.maps[0].heatmap, atol=1e-4)


class Gated(nn.Module):
    """A layer, then what efficientnet_b0 has behind its own: a convolution of single channels that
    halves the sides, SiLU, and channels that are weighed by their means."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 8, 3, stride=4)
        self.filter = nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8, bias=False)
        self.norm, self.weigh = nn.BatchNorm2d(8), nn.Conv2d(8, 8, 1)
        self.classifier = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.silu(self.norm(self.filter(functional.silu(self.layer(x), inplace=True))))
        y = y * self.weigh(functional.adaptive_avg_pool2d(y, 1)).sigmoid()
        logits: Tensor = self.classifier(y.mean(dim=(2, 3)))
        return logits


def test_gradients_go_through_gates_strides_and_norms(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Gated()
    with_statistics(model)
    photos = torch.randn(1, 3, 45, 45)
    expected = forward_pass(model, model.layer, photos)
    maps = expected.activations.detach()
    traced = trace_gradients(model, model.layer, photos, maps, classes=5)
    inputs = {"maps": maps, "choice": torch.ones(1, 5)}
    file = tmp_path / "gradients.onnx"
    onnx.save(onnx_export._to_onnx(traced, inputs, ["gradients"]), file)
    compiled = core().compile_model(file, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for index in range(5):
        (found,) = compiled([maps.numpy(), np.eye(5, dtype=np.float32)[index : index + 1]]).values()
        np.testing.assert_allclose(found, expected.gradients([0], [index]), atol=1e-6)
