"""engine/runtimes.py and engine/graph.py: two runtimes, one answer."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.explainer import Explainer, Request
from engine.runtimes import compare, probe, torch_runtime
from models.catalog import Card
from tests.engine.networks import network, save_model
from tests.engine.test_explainer import noise

openvino = pytest.importorskip("openvino")


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Card:
    return save_model(tmp_path_factory.mktemp("model"), network())


def test_the_graph_says_what_torch_says(card: Card) -> None:
    photos, requests = [noise(i) for i in range(3)], [Request(top_k=2)] * 3
    made = {}
    for runtime in ("torch", "graph"):
        explainer = Explainer.load(card, "cpu", runtime=runtime)
        assert explainer.runtime == runtime
        made[runtime] = explainer.explain(photos, requests)
    for one, other in zip(made["torch"], made["graph"], strict=True):
        for first, second in zip(one.predictions, other.predictions, strict=True):
            assert first.class_index == second.class_index
            assert first.confidence == pytest.approx(second.confidence, abs=1e-4)
        for first_map, second_map in zip(one.maps, other.maps, strict=True):
            np.testing.assert_allclose(first_map.heatmap, second_map.heatmap, atol=1e-4)


def test_the_graph_is_chosen_on_its_own_and_kept(card: Card) -> None:
    from engine.graph import cache_file

    assert Explainer(card, "cpu").runtime == "graph"
    kept = cache_file(card)
    assert kept.exists()
    before = kept.stat().st_mtime_ns
    assert Explainer(card, "cpu").runtime == "graph"
    assert kept.stat().st_mtime_ns == before


def test_a_kept_graph_of_other_weights_is_not_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from engine.graph import cache_file

    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    one, other = save_model(first, network(seed=1)), save_model(second, network(seed=2))
    assert Explainer(one, "cpu").runtime == "graph"
    for suffix in (".xml", ".bin"):
        wrong = cache_file(one).with_suffix(suffix).read_bytes()
        cache_file(other).with_suffix(suffix).write_bytes(wrong)
    assert Explainer(other, "cpu").runtime == "torch"
    assert "runs in torch: its graph differs" in caplog.text


def test_a_head_that_is_not_pooled_runs_in_torch(
    card: Card, caplog: pytest.LogCaptureFixture
) -> None:
    deeper = card.model_copy(update={"target_layer": "block3"})
    with caplog.at_level(logging.INFO):
        assert Explainer(deeper, "cpu").runtime == "torch"
    assert "not pooling and one linear layer" in caplog.text


def test_half_precision_keeps_the_best_class_and_nearly_the_map(card: Card) -> None:
    exact = Explainer(card, "cpu", runtime="torch")
    photos, requests = [noise(i) for i in range(4)], [Request()] * 4
    expected = exact.explain(photos, requests)
    for runtime in ("torch", "graph"):
        explainer = Explainer(card, "cpu", runtime=runtime, precision="bfloat16")
        for one, other in zip(expected, explainer.explain(photos, requests), strict=True):
            assert one.predictions[0].confidence == pytest.approx(
                other.predictions[0].confidence, abs=0.02
            )
            if one.maps[0].class_index == other.maps[0].class_index:
                moved = np.abs(one.maps[0].heatmap - other.maps[0].heatmap).mean()
                assert moved < 0.05


def test_a_runtime_that_moves_a_map_or_a_class_is_found_out(card: Card) -> None:
    reference = torch_runtime(network(), card, torch.device("cpu"))
    assert reference.weights is not None
    assert compare(reference, reference, probe(card)) == ""
    moved = replace(reference, weights=reference.weights + 0.3 * torch.randn(7, 192))
    assert compare(reference, moved, probe(card)).startswith("maps by")


def test_threads_on_one_graph_get_their_own_answers(card: Card) -> None:
    explainer = Explainer(card, "cpu", runtime="graph")
    photos = [noise(i) for i in range(16)]
    alone = [explainer.explain([photo], [Request()])[0] for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda photo: explainer.explain([photo], [Request()])[0], photos))
    for one, other in zip(alone, made, strict=True):
        np.testing.assert_allclose(one.maps[0].heatmap, other.maps[0].heatmap, atol=1e-5)
