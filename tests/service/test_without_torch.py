"""A worker where torch is not installed, as `pip install 'cropshield[cpu]'` leaves it."""

import json
import os
from pathlib import Path

import pytest

from cli.cards.edit import remove_table
from tests.engine.graphs import exported_model
from tests.service.conftest import START_SECONDS, Service
from tests.service.test_photo_to_overlay import jpeg

pytestmark = pytest.mark.service
HIDE = """
import sys

class Hidden:
    \"\"\"As if they were not installed.\"\"\"
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "safetensors", "timm", "onnx"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden())
"""


@pytest.fixture
def light(service: Service, tmp_path: Path) -> Service:
    """Its processes find no torch; it serves one small model, which has a graph."""
    hidden, cards = tmp_path / "hidden", tmp_path / "cards"
    hidden.mkdir()
    cards.mkdir()
    (hidden / "sitecustomize.py").write_text(HIDE)
    exported_model(cards)
    paths = [str(hidden), *filter(None, [os.environ.get("PYTHONPATH")])]
    service.environment |= {
        "PYTHONPATH": os.pathsep.join(paths),
        "CROPSHIELD_CARDS": str(cards),
        "CROPSHIELD_WARM_MODELS": json.dumps(["tiny"]),
    }
    return service


def test_a_leaf_is_explained_without_torch(light: Service) -> None:
    light.start_api()
    light.start_worker()
    sent = light.http.post("/v1/jobs?model=tiny&top_k=2", content=jpeg(1))
    answer = light.end_of(sent.json()["links"]["self"])
    assert answer["state"] == "succeeded", answer
    assert len(answer["result"]["explanations"]) == 2
    assert light.http.get(answer["links"]["overlay"]).content.startswith(b"\xff\xd8")


def test_a_folder_is_explained_without_torch(light: Service, tmp_path: Path) -> None:
    photo, out = tmp_path / "leaf.jpg", tmp_path / "out"
    photo.write_bytes(jpeg(1))
    words = ["explain", str(photo), "--out", str(out), "--model", "tiny"]
    assert light.start(*words).wait(START_SECONDS) == 0, light.log.read_text()
    assert list(out.rglob("leaf*.jpg"))


def test_a_model_without_a_graph_is_refused_with_what_to_install(
    light: Service, tmp_path: Path
) -> None:
    remove_table(tmp_path / "cards" / "tiny.toml", "graph")
    assert light.start("worker").wait(START_SECONDS) == 1
    said = light.log.read_text()
    assert "cropshield: model tiny, without a graph for the CPU" in said
    assert "needs torch, which is not installed: make serve TORCH=1, or pip install" in said
    assert "Traceback" not in said


def test_a_command_that_needs_torch_says_how_to_get_it(light: Service, tmp_path: Path) -> None:
    assert light.start("evaluate", "tiny", "--data", str(tmp_path)).wait(START_SECONDS) == 1
    said = light.log.read_text()
    assert "cropshield: this needs torch, which is not installed: make serve TORCH=1" in said
    assert "Traceback" not in said
