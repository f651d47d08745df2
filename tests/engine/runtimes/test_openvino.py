"""engine/runtimes/openvino.py, runtimes.py, heat.py: two runtimes, one answer."""

import logging
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.cam.torch_methods import METHODS
from engine.explainer import Explainer, Explanation, Request
from engine.photos.decode import Photo
from engine.runtimes.base import Precision
from models.cards.card import Card
from models.catalog import Catalog
from pictures.drawn_leaves.leaves import KINDS, draw_leaf
from tests.engine.cam.test_linear_head import POOLED
from tests.engine.networks import network, save_model
from tests.engine.test_explainer import noise

pytestmark = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is an extra")
MIXED = [Request(top_k=2, method=name) for name in METHODS] + [
    Request(top_k=0),
    Request(top_k=1, class_index=6, method="layercam"),
]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Card:
    return save_model(tmp_path_factory.mktemp("model"), network())


@pytest.fixture(scope="module")
def graph(card: Card) -> Explainer:
    explainer = Explainer(card, "cpu", runtime="graph")
    assert explainer.runtime == "graph"
    return explainer


def leaf(seed: int) -> Photo:
    pixels = np.asarray(draw_leaf(KINDS[seed % len(KINDS)], seed, (160, 120)).photo)
    return Photo(pixels, 160, 120, "PNG")


def same(one: list[Explanation], other: list[Explanation], atol: float = 1e-4) -> None:
    for ours, theirs in zip(one, other, strict=True):
        for first, second in zip(ours.predictions, theirs.predictions, strict=True):
            assert first.confidence == pytest.approx(second.confidence, abs=atol)
        for ours_map, theirs_map in zip(ours.maps, theirs.maps, strict=True):
            assert ours_map.class_index == theirs_map.class_index
            assert ours_map.method == theirs_map.method
            np.testing.assert_allclose(ours_map.heatmap, theirs_map.heatmap, rtol=0, atol=atol)


def both(card: Card, model: torch.nn.Module | None = None) -> tuple[Explainer, Explainer]:
    reference, other = (
        Explainer(card, "cpu", model=model, runtime=runtime) for runtime in ("torch", "graph")
    )
    assert (reference.runtime, other.runtime) == ("torch", "graph")
    return reference, other


@pytest.mark.parametrize("card", list(Catalog()), ids=lambda card: card.id)
def test_a_bundled_model_says_the_same_as_a_graph(card: Card) -> None:
    photos = [leaf(seed) for seed in range(len(MIXED))]
    requests = [Request(top_k=2, method=request.method) for request in MIXED]
    last = {"target_layer": dict(POOLED)[card.architecture], "doubt": None}
    reference, graph = both(card.model_copy(update=last))  # only those maps have a closed form
    same(reference.explain(photos, requests), graph.explain(photos, requests))


@pytest.mark.parametrize(
    ("architecture", "layer"), [("resnet18", "layer4"), ("efficientnet_b0", "features")]
)
def test_another_architecture_says_the_same_as_a_graph(
    card: Card, architecture: str, layer: str
) -> None:
    card = card.model_copy(update={"target_layer": layer})
    photos = [leaf(seed) for seed in range(len(MIXED))]
    reference, graph = both(card, network(architecture))
    same(reference.explain(photos, MIXED), graph.explain(photos, MIXED))


def test_mixed_requests_in_one_batch_give_what_they_give_alone(graph: Explainer) -> None:
    photos = [noise(seed) for seed in range(len(MIXED))]
    together = graph.explain(photos, MIXED)
    pairs = zip(photos, MIXED, strict=True)
    same(together, [graph.explain([photo], [request])[0] for photo, request in pairs])


def test_a_batch_gives_the_same_on_one_thread_as_on_two(card: Card) -> None:
    photos = [noise(seed) for seed in range(len(MIXED))]
    one, two = (Explainer(card, "cpu", runtime="graph", threads=count) for count in (1, 2))
    same(one.explain(photos, MIXED), two.explain(photos, MIXED), atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_photo_that_is_alone_gives_the_same_on_more_threads(
    precision: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.runtimes import openvino

    monkeypatch.setattr("engine.hardware.cpu_has_bfloat16", lambda: True)
    compiled: list[int] = []
    settings = openvino._settings

    def noted(half: bool, threads: int) -> Any:
        compiled.append(threads)
        return settings(half, threads)

    monkeypatch.setattr(openvino, "_settings", noted)
    bundled = Catalog()["cropshield_cnn"]
    explainer = Explainer.load(bundled, "cpu", precision=precision, threads=1, threads_alone=2)
    assert compiled[-1] == 2
    assert explainer.precision == precision
    for seed in range(3):
        one, other = (
            explainer.explain([leaf(seed)], [Request(top_k=2)], alone=alone)
            for alone in (False, True)
        )
        same(one, other, atol=1e-5)


def test_the_same_photo_gives_the_same_numbers_every_time(graph: Explainer) -> None:
    first, second = (graph.explain([noise(0)], [Request(top_k=3)]) for _ in range(2))
    same(first, second, atol=0)


def test_threads_on_one_graph_get_their_own_answers(graph: Explainer) -> None:
    photos = [noise(seed) for seed in range(16)]
    alone = [graph.explain([photo], [Request()])[0] for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda photo: graph.explain([photo], [Request()])[0], photos))
    same(alone, made, atol=1e-5)


def test_the_graph_is_chosen_on_its_own_and_made_once(
    card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Explainer(card, "cpu", cache=tmp_path).runtime == "graph"
    (folder,) = tmp_path.iterdir()
    assert {file.name for file in folder.iterdir()} == {"graph.xml", "graph.bin"}
    monkeypatch.setattr(
        "engine.runtimes.openvino_export.export_graph", lambda *_: pytest.fail("exported again")
    )
    assert Explainer(card, "cpu", cache=tmp_path).runtime == "graph"


def test_other_weights_are_another_graph(card: Card, tmp_path: Path) -> None:
    for seed in (1, 2):
        Explainer(card, "cpu", model=network(seed=seed), cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("harm", ["other", "broken"])
def test_a_kept_graph_that_is_wrong_is_made_again(
    card: Card, tmp_path: Path, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    Explainer(card, "cpu", cache=tmp_path / "ours")
    Explainer(card, "cpu", model=network(seed=1), cache=tmp_path / "theirs")
    (ours,), (theirs,) = ((tmp_path / name).iterdir() for name in ("ours", "theirs"))
    for name in ("graph.xml", "graph.bin"):
        (ours / name).write_bytes((theirs / name).read_bytes() if harm == "other" else b"")
    assert Explainer(card, "cpu", cache=tmp_path / "ours").runtime == "graph"
    assert ("no graph in float32" if harm == "other" else "cannot be read") in caplog.text
    caplog.clear()
    assert Explainer(card, "cpu", cache=tmp_path / "ours").runtime == "graph"
    assert not caplog.records


def test_a_cache_that_cannot_be_written_is_done_without(card: Card, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert Explainer(card, "cpu", cache=tmp_path / "file").runtime == "graph"


def test_a_graph_that_disagrees_is_not_used(
    card: Card,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from engine.runtimes import openvino_export

    honest = openvino_export.export_graph

    def other(_model: torch.nn.Module, _layer: torch.nn.Module, side: int) -> object:
        model = network(seed=9)
        return honest(model, model.get_submodule("block4"), side)

    monkeypatch.setattr("engine.runtimes.openvino_export.export_graph", other)
    explainer = Explainer(card, "cpu", runtime="graph", cache=tmp_path)
    assert explainer.runtime == "torch"
    assert "model tiny: no graph in float32" in caplog.text
    same(
        explainer.explain([noise(0)], [Request()]),
        Explainer(card, "cpu", runtime="torch").explain([noise(0)], [Request()]),
    )


def test_without_openvino_everything_runs_in_torch(
    card: Card, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("openvino", "openvino_export"):
        monkeypatch.delitem(sys.modules, f"engine.runtimes.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with caplog.at_level(logging.INFO):
        assert Explainer(card, "cpu").runtime == "torch"
    assert "model tiny runs in torch: no graph (import of openvino halted" in caplog.text


def test_a_head_that_is_not_pooled_runs_in_torch(
    card: Card, caplog: pytest.LogCaptureFixture
) -> None:
    deeper = card.model_copy(update={"target_layer": "block3"})
    assert Explainer(deeper, "cpu", runtime="graph").runtime == "torch"
    assert "not pooling and one linear layer" in caplog.text


def test_nothing_is_reported_to_the_makers_of_openvino() -> None:
    import_module("engine.runtimes.openvino")
    assert sys.modules["openvino_telemetry"] is None


def test_signals_are_handled_after_graphs_have_come_and_gone(card: Card, tmp_path: Path) -> None:
    script = f"""
        import gc, os, signal
        from pathlib import Path
        from engine.explainer import Explainer
        from models.cards.card import read_card
        card = read_card(Path({str(card.path)!r}))
        first, second = (Explainer(card, "cpu", cache=Path({str(tmp_path)!r})) for _ in range(2))
        assert first.runtime == "graph"
        del first
        gc.collect()
        del second
        gc.collect()
        seen = []
        signal.signal(signal.SIGUSR1, lambda *_: seen.append(1))
        os.kill(os.getpid(), signal.SIGUSR1)
        assert seen == [1]
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], timeout=500)
    assert done.returncode == 0


@pytest.mark.parametrize(("near_tie", "is_exact"), [(np.inf, True), (0.0, False)])
def test_a_near_tie_of_bfloat16_is_decided_in_float32(
    card: Card,
    graph: Explainer,
    near_tie: float,
    is_exact: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.hardware.cpu_has_bfloat16", lambda: True)
    monkeypatch.setattr("engine.runtimes.openvino.NEAR_TIE", near_tie)
    half = Explainer(card, "cpu", runtime="graph", precision="bfloat16")
    assert half.precision == "bfloat16"
    photos = [leaf(seed) for seed in range(3)]
    exact, found = (
        [
            prediction.confidence
            for made in one.explain(photos, [Request(top_k=3)] * 3)
            for prediction in made.predictions
        ]
        for one in (graph, half)
    )
    assert (found == pytest.approx(exact, abs=1e-6)) is is_exact
