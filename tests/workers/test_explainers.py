"""The models of a worker."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import OutOfMemory
from engine.explainer import Explainer, ExplainerOptions, Request
from engine.hardware import model_threads, usable_cores
from engine.photos.decode import Photo
from jobs.metrics import Counters
from models.catalog import Catalog
from tests.engine.networks import network, save_model
from workers.explainers import PHOTO_MEMORY, Explainers, explainer_options
from workers.settings import WorkerSettings

MODEL = "cropshield_cnn"


def test_a_model_is_loaded_once_and_counted() -> None:
    counters = Counters()
    explainers = Explainers(Catalog(), "cpu", counters)
    assert explainers[MODEL] is explainers[MODEL]
    assert counters.take() == {f"model_loads_total|{MODEL}": 1}


def test_a_batch_that_does_not_fit_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    counters = Counters()
    explainer = Explainers(Catalog(), "cpu", counters)[MODEL]
    counters.take()
    explain = Explainer._explain

    def choke(
        self: Explainer, photos: Sequence[Photo], requests: Sequence[Request], **more: Any
    ) -> Any:
        if len(photos) > 1:
            raise OutOfMemory("CUDA out of memory")
        return explain(self, photos, requests, **more)

    monkeypatch.setattr(Explainer, "_explain", choke)
    photo = Photo(np.full((64, 64, 3), 90, np.uint8), 64, 64, "PNG")
    assert len(explainer.explain([photo] * 4, [Request()] * 4)) == 4
    assert counters.take() == {"out_of_memory_total": 3}


def test_the_batch_follows_device_and_input(monkeypatch: pytest.MonkeyPatch) -> None:
    explainers, few = Explainers(Catalog(), "cpu"), Explainers(Catalog(), "cpu", batch=3)
    assert [each.batch_of(MODEL) for each in (explainers, few)] == [16, 3]
    monkeypatch.setattr(Explainers, "input_side", lambda *_: 512)
    assert [each.batch_of(MODEL) for each in (explainers, few)] == [4, 1]
    monkeypatch.setattr(Explainers, "input_side", lambda *_: 96)
    assert explainers.batch_of(MODEL) == 16
    one, two = (ExplainerOptions(threads=threads) for threads in (1, 2))
    assert [Explainers(Catalog(), "cpu", options=each).batch for each in (one, two)] == [4, 16]
    assert Explainers(Catalog(), "cpu", options=one, batch=3).batch == 3
    monkeypatch.setattr("workers.explainers.find_device", str)
    assert Explainers(Catalog(), "cuda:1", options=one).batch == 64


def test_what_is_claimed_at_once_is_bounded_by_the_bytes_of_its_photos(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few, usual = Explainers(Catalog(), "cpu", batch=3), Explainers(Catalog(), "cpu")
    assert [each.max_claims for each in (few, usual)] == [3, 16]
    monkeypatch.setattr("workers.explainers.most_bytes", lambda _: 25_000_000)  # of 1,024 pixels
    assert [each.max_claims for each in (few, usual)] == [1, 5]
    assert 4 * usual.max_claims * 25_000_000 <= PHOTO_MEMORY


def test_the_settings_decide_how_models_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"RUNTIME": "torch", "PRECISION": "float32", "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(f"CROPSHIELD_{name}", value)
    explainer = Explainers(Catalog(), "cpu", options=explainer_options(WorkerSettings()))[MODEL]
    assert (explainer.runtime, explainer.precision) == ("torch", "float32")


@pytest.mark.parametrize(
    ("given", "threads"),
    [
        ({}, (8, 4)),
        ({"threads": 1}, (1, 1)),
        ({"threads": 1, "threads_alone": 2}, (1, 2)),
        ({"threads_alone": 16}, (8, 16)),
    ],
)
def test_a_photo_alone_has_more_threads_unless_they_are_set(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, int], threads: tuple[int, int]
) -> None:
    monkeypatch.setattr("workers.explainers.usable_cores", lambda: 16)
    options = explainer_options(WorkerSettings(**given))  # type: ignore[arg-type]
    assert (options["threads"], options["threads_alone"]) == threads


def test_a_worker_keeps_the_graphs_that_it_exports_in_its_home(tmp_path: Path) -> None:
    pytest.importorskip("engine.runtimes.openvino", exc_type=ImportError)
    save_model(tmp_path, network())
    options = explainer_options(WorkerSettings(home=tmp_path))
    assert Explainers(Catalog(tmp_path), "cpu", options=options)["tiny"].runtime == "graph"
    assert list(tmp_path.glob("cache/tiny-*/graph.xml"))


def test_the_threads_asked_for_are_torchs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", given.append)
    for settings in (WorkerSettings(threads=3, runtime="torch"), WorkerSettings(runtime="torch")):
        Explainers(Catalog(), "cpu", options=explainer_options(settings))[MODEL]
    assert given == [3, model_threads(usable_cores())]
