"""engine/runtimes/exact_start.py: which layers stay in float32."""

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
import torch

from engine.runtimes.bfloat16 import has_bfloat16
from engine.runtimes.torch import torch_runtime
from models.cards.card import Card
from tests.engine.networks import network, save_model

if find_spec("openvino") is None:
    pytest.skip("OpenVINO is an extra", allow_module_level=True)
from engine.runtimes.exact_start import keep_start_exact
from engine.runtimes.openvino import core
from engine.runtimes.openvino_export import cached_and_exported_graphs


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("model")
    card: Card = save_model(folder, network())
    reference = torch_runtime(network(), card, torch.device("cpu"))
    exported, _ = next(cached_and_exported_graphs(reference, card, folder / "cache"))
    return exported


def compiled(graph: Any, precision: str) -> Any:
    return core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": precision})


def convolutions(model: Any) -> list[str]:
    """The precision of each, in their order."""
    layers = [layer.get_rt_info() for layer in model.get_runtime_model().get_ordered_ops()]
    return [
        info["runtimePrecision"].astype(str)
        for info in layers
        if "onvolution" in info["layerType"].astype(str)
    ]


@pytest.mark.skipif(not has_bfloat16(torch.device("cpu")), reason="no bfloat16 here")
def test_the_first_two_convolutions_stay_in_float32(graph: Any) -> None:
    assert set(convolutions(compiled(graph, "bf16"))) == {"bf16"}
    kept = convolutions(compiled(keep_start_exact(core(), graph), "bf16"))
    assert kept[:2] == ["f32", "f32"]
    assert set(kept[2:]) == {"bf16"}


def test_the_marked_graph_gives_the_same_numbers(graph: Any) -> None:
    side = graph.input().partial_shape[1].get_length()
    pixels = np.random.default_rng(0).random((2, side, side, 3), dtype=np.float32)
    marked = keep_start_exact(core(), graph)
    for ours, theirs in zip(
        compiled(marked, "f32")([pixels]).values(),
        compiled(graph, "f32")([pixels]).values(),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
