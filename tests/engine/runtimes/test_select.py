"""engine/runtimes/select.py: below float32 only what is proved."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.cam.closed_form import LinearHeadOutput
from engine.cam.linear_head import LinearHeadForwardPass
from engine.explainer import Explainer, Request
from engine.hardware import cpu_has_bfloat16
from engine.runtimes.base import RuntimeOutput
from engine.runtimes.parity import disagreement, probe_batch
from engine.runtimes.torch import torch_runtime
from models.cards.card import Card
from models.catalog import Catalog
from tests.engine.networks import network, save_model
from tests.engine.test_explainer import noise

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Card:
    return save_model(tmp_path_factory.mktemp("model"), network())


@pytest.fixture
def any_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """bfloat16 is right everywhere, only not fast."""
    monkeypatch.setattr("engine.hardware.cpu_has_bfloat16", lambda: True)


def test_the_processor_is_asked_for_its_instructions(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    for flags, expected in (("fma avx512_bf16 sse", True), ("amx_bf16", True), ("avx512f", False)):
        cpuinfo.write_text(f"flags : {flags}\n")
        assert cpu_has_bfloat16(cpuinfo) is expected
    assert not cpu_has_bfloat16(tmp_path / "absent")


@pytest.mark.usefixtures("any_processor")
@pytest.mark.parametrize("runtime", ["torch", "graph"])
def test_bfloat16_keeps_the_best_class_and_nearly_the_map(card: Card, runtime: str) -> None:
    if runtime == "graph" and find_spec("openvino") is None:
        pytest.skip("OpenVINO is an extra")
    exact = Explainer(card, "cpu", runtime="torch")
    half = Explainer(card, "cpu", runtime=runtime, precision="bfloat16")  # type: ignore[arg-type]
    assert (half.runtime, half.precision, exact.precision) == (runtime, "bfloat16", "float32")
    photos, requests = [noise(seed) for seed in range(4)], [Request(top_k=0, class_index=2)] * 4
    pairs = zip(exact.explain(photos, requests), half.explain(photos, requests), strict=True)
    for one, other in pairs:
        first, second = one.predictions[0], other.predictions[0]
        assert first.confidence == pytest.approx(second.confidence, abs=0.02)
        assert other.maps[0].heatmap.dtype == np.float32
        assert np.abs(one.maps[0].heatmap - other.maps[0].heatmap).mean() < 0.05


def test_the_library_is_exact_unless_asked(card: Card) -> None:
    assert Explainer(card, "cpu").precision == "float32"


def test_a_processor_without_bfloat16_gets_float32(
    card: Card, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("engine.hardware.cpu_has_bfloat16", lambda: False)
    explainer = Explainer(card, "cpu", runtime="torch", precision="bfloat16")
    assert explainer.precision == "float32"
    assert "model tiny runs in float32: cpu has no bfloat16" in caplog.text


@pytest.mark.usefixtures("any_processor")
def test_a_head_that_is_not_pooled_stays_in_float32(
    card: Card, caplog: pytest.LogCaptureFixture
) -> None:
    deeper = card.model_copy(update={"target_layer": "block3"})
    assert Explainer(deeper, "cpu", runtime="torch", precision="bfloat16").precision == "float32"
    assert "its head is not pooled and linear" in caplog.text


@pytest.mark.usefixtures("any_processor")
@pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is an extra")
def test_a_graph_in_bfloat16_is_compared_at_its_first_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled, compared = Catalog()["cropshield_cnn"], []

    def watched(one: RuntimeOutput, other: RuntimeOutput, half: bool) -> str:
        compared.append(half)
        return disagreement(one, other, half)

    monkeypatch.setattr("engine.runtimes.select.disagreement", watched)
    for _ in range(2):
        explainer = Explainer(bundled, "cpu", precision="bfloat16", cache=tmp_path)
        assert explainer.precision == "bfloat16"
    assert compared == [True]


def test_what_disagrees_is_found_out(card: Card) -> None:
    forward = torch_runtime(network(), card, CPU).forward(probe_batch(card)).forward
    assert isinstance(forward, LinearHeadForwardPass)
    parts = forward.logits, forward.activations, forward.weights
    seen = LinearHeadOutput(*(part.numpy() for part in parts))
    assert disagreement(seen, seen) == ""

    moved = LinearHeadOutput(seen.logits, seen.activations * 1.001 + 0.01, seen.weights)
    assert disagreement(seen, moved).startswith("maps")
    assert disagreement(seen, moved, half=True) == ""

    surer = LinearHeadOutput(seen.logits * 1.05, seen.activations, seen.weights)
    assert disagreement(seen, surer).startswith("confidences")

    sure, other = (
        LinearHeadOutput(seen.logits * times, seen.activations, seen.weights) for times in (20, -20)
    )
    assert disagreement(sure, other, half=True) == "another best class"

    lost = LinearHeadOutput(seen.logits * np.float32(np.nan), seen.activations, seen.weights)
    assert disagreement(seen, lost, half=True) != ""
