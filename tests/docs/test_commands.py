"""The commands of the README and the guides work as pasted."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from pictures.drawn_leaves.leaves import draw_leaf
from tests.docs.pages import ROOT, blocks
from tests.service.conftest import START_SECONDS, free_port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a photo `leaf.jpg`, where the commands are run."""
    draw_leaf("rust", seed=4).photo.save(tmp_path / "leaf.jpg", quality=92)
    return tmp_path


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a server that stands for `make serve`."""
    home = tmp_path_factory.mktemp("serve")
    port = str(free_port())
    inherited = {name: os.environ[name] for name in os.environ if "REDIS_URL" not in name}
    command = [sys.executable, "-m", "cli", "serve", "--port", port]
    log = home / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env=inherited | {"CROPSHIELD_HOME": str(home / "var")},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _until_ready(server, log)
        yield f"127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=START_SECONDS)


def _until_ready(server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(START_SECONDS * 5):
        if "cropshield: ready." in log.read_text():
            return
        if server.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(log.read_text())


def _run(command: str, folder: Path, address: str) -> str:
    assert "127.0.0.1:8000" in command
    pasted = command.replace("127.0.0.1:8000", address)
    words = ["bash", "-euo", "pipefail", "-c", pasted]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout


def _curls(page: str) -> list[str]:
    return [block for block in blocks(ROOT / page, "sh") if block.startswith("curl")]


@pytest.mark.service
def test_the_readme_brings_a_prediction_and_an_overlay(folder: Path, address: str) -> None:
    ask, fetch = _curls("README.md")
    job = json.loads(_run(ask, folder, address))
    assert job["state"] == "succeeded"
    assert job["result"]["predictions"][0]["class_name"]
    _run(fetch, folder, address)
    with Image.open(folder / "overlay.jpg") as overlay:
        assert overlay.size == (640, 480)


@pytest.mark.service
def test_the_tutorial_brings_the_overlay_of_another_class(folder: Path, address: str) -> None:
    for command in _curls("docs/tutorial/first-photo.md"):
        _run(command, folder, address)
    job = json.loads((folder / "job.json").read_text())
    named = job["result"]["explanations"][1]["class_index"]
    assert named == job["options"]["class_index"]
    first, second = (folder / name for name in ("overlay.jpg", "blight.jpg"))
    assert first.read_bytes() != second.read_bytes()
    with Image.open(second) as overlay:
        assert overlay.format == "JPEG"
