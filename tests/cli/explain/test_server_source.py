"""`cropshield explain --server` against a small HTTP server that answers as the API does."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Command

NOW = "2026-01-01T00:00:00Z"
CARD = {"id": "cropshield_cnn", "version": "7", "weights_sha256": "ab" * 32}
DIAGNOSTICS = {
    "focus": 0.5,
    "border_share": 0.1,
    "leaf_share": 0.8,
    "flatness": 0.1,
    "warnings": [],
    "sentence": "The model looked at one small area.",
}


class _Api(BaseHTTPRequestHandler):
    """Explains every photo at once, as half hot and half cold."""

    asked: ClassVar[list[dict[str, list[str]]]] = []
    refusal: ClassVar[int] = 0
    describes: ClassVar[bool] = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append(parse_qs(urlsplit(self.path).query))
        best = {"class_index": 3, "class_name": "Apple__scab", "confidence": 0.9}
        why = {"class_index": 3, "method": "gradcam", "diagnostics": DIAGNOSTICS}
        box = {"left": 0, "top": 0, "right": 1, "bottom": 1}
        why |= {"heatmap": {"width": 2, "height": 2, "peak": 1.0, "box": box}}
        job = {"id": "1", "state": "succeeded", "created_at": NOW, "expires_at": NOW}
        self._answer(job | {"result": {"predictions": [best], "explanations": [why]}})

    def do_GET(self) -> None:
        if self.refusal:
            self.send_error(self.refusal)
            return
        if self.path.startswith("/v1/models"):
            self._answer([CARD])
            return
        if self.path.startswith("/v1/classes") and not self.describes:
            self.send_error(404)
            return
        if self.path.startswith("/v1/classes"):
            self._answer([{"class_name": "Apple__scab", "symptoms": "Olive spots."}])
            return
        grey = io.BytesIO()
        picture = Image.new("L", (2, 2))
        picture.putdata([255, 0, 255, 0])
        picture.save(grey, "PNG")
        self._send(grey.getvalue(), "image/png")

    def _answer(self, document: Any) -> None:
        self._send(json.dumps(document).encode(), "application/json")

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet."""


@pytest.fixture
def api() -> Iterator[str]:
    _Api.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Api) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_photos_go_to_the_server_and_overlays_are_drawn_from_its_maps(
    api: str, cropshield: Command, leaves: Path, tmp_path: Path
) -> None:
    words = ["explain", leaves, "--out", tmp_path / "out", "--server", api]
    assert cropshield(*words, "--alpha", 1, "--colormap", "bone").returncode == 0
    assert [one["priority"] for one in _Api.asked] == [["bulk"]] * 5
    rows = [json.loads(line) for line in (tmp_path / "out/results.jsonl").read_text().splitlines()]
    assert {row["model"]["version"] for row in rows} == {"7"}
    with Image.open(tmp_path / "out" / rows[0]["explanations"][0]["overlay"]) as overlay:
        grey = np.asarray(overlay.convert("L"))
    assert grey[:, 2].min() > 200
    assert grey[:, -3].max() < 50
    assert "Olive spots." in (tmp_path / "out/report.html").read_text("utf-8")
    again = cropshield(*words, "--alpha", 1, "--colormap", "bone")
    assert "5 done before" in again.stdout
    assert len(_Api.asked) == 5


def test_a_report_is_written_where_the_server_does_not_say_what_the_classes_are(
    api: str, cropshield: Command, leaves: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Api, "describes", False)
    done = cropshield("explain", leaves, "--out", tmp_path / "out", "--server", api)
    assert done.returncode == 0
    assert "the report does not say what the classes are" in done.stderr
    assert "What the classes are" not in (tmp_path / "out/report.html").read_text("utf-8")


def test_a_model_that_the_server_does_not_have_is_missing(
    api: str, cropshield: Command, leaves: Path, tmp_path: Path
) -> None:
    words = ["--server", api, "--model", "oracle"]
    done = cropshield("explain", leaves, "--out", tmp_path / "out", *words)
    assert done.returncode == 3
    assert "has no model 'oracle'; it has cropshield_cnn" in done.stderr


def test_an_address_without_a_server_is_told_at_once(
    cropshield: Command, leaves: Path, tmp_path: Path
) -> None:
    done = cropshield(
        "explain", leaves, "--out", tmp_path / "out", "--server", "http://127.0.0.1:9"
    )
    assert done.returncode == 3
    assert "no server answers at http://127.0.0.1:9; start one with make serve" in done.stderr


@pytest.mark.parametrize(("status", "words"), [(404, "is not CropShield"), (401, "401")])
def test_an_answer_that_is_no_list_of_models_is_one_sentence(
    api: str,
    cropshield: Command,
    leaves: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    words: str,
) -> None:
    monkeypatch.setattr(_Api, "refusal", status)
    done = cropshield("explain", leaves, "--out", tmp_path / "out", "--server", api)
    assert done.returncode == 3
    assert words in done.stderr
    assert "Traceback" not in done.stderr
