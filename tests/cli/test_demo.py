"""The demo against a small HTTP server that answers as the API does."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from PIL import Image

from cli.demo import LABELS, run_demo
from cli.errors import CommandError

RESULT = {
    "predictions": [{"class_index": 0, "class_name": "Apple__black_rot", "confidence": 0.918}],
    "verdict": "unknown",
}


class _Api(BaseHTTPRequestHandler):
    """Accepts every photo; a job ends as `ending` at its first poll."""

    ending = "succeeded"
    photos: ClassVar[list[bytes]] = []
    preferences: ClassVar[list[str | None]] = []
    keys: ClassVar[set[str | None]] = set()

    def do_POST(self) -> None:
        self.keys.add(self.headers["X-API-Key"])
        self.photos.append(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(202, _job(len(self.photos), "queued"))

    def do_GET(self) -> None:
        self.keys.add(self.headers["X-API-Key"])
        number = int(self.path.split("/")[3])
        if self.path.endswith("/overlay"):
            self._send(200, self.photos[number - 1], "image/jpeg")
        elif self.ending == "stranger":
            self._send(200, b"<html>welcome</html>", "text/html")
        elif self.ending == "missing":
            self._send(404, json.dumps(_missing(number)).encode(), "application/problem+json")
        else:
            self.preferences.append(self.headers["Prefer"])
            self._answer(200, _job(number, self.ending))

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        self._send(status, json.dumps(document).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep quiet."""


def _job(number: int, state: str) -> dict[str, Any]:
    root = f"/v1/jobs/{number}"
    return {
        "id": str(number),
        "state": state,
        "created_at": "2026-11-23T08:00:00Z",
        "expires_at": "2026-11-26T08:00:00Z",
        "result": RESULT if state == "succeeded" else None,
        "error": {"type": "/problems/undecodable-photo", "detail": "the leaf was too green"}
        if state == "failed"
        else None,
        "links": {"self": root, "overlay": f"{root}/overlay"},
    }


def _missing(number: int) -> dict[str, Any]:
    return {"type": "/problems/job-not-found", "status": 404, "detail": f"job {number} is unknown"}


@pytest.fixture
def api() -> Iterator[tuple[str, type[_Api]]]:
    handler = type("Api", (_Api,), {"photos": [], "preferences": [], "keys": set()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", handler
        server.shutdown()
        thread.join()


def test_every_leaf_gets_a_photo_an_overlay_and_a_place_on_the_sheet(
    api: tuple[str, type[_Api]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_demo(api[0], tmp_path / "new" / "folder", count=3)
    made = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    names = {"01-healthy", "02-spots", "03-blight"}
    overlays = {f"{name}-overlay.jpg" for name in names}
    assert made == overlays | {f"{name}.jpg" for name in names} | {"contact-sheet.jpg", "leaves"}
    assert all(
        (tmp_path / "new" / "folder" / "leaves" / label).is_dir() for label in LABELS.values()
    )
    assert "02-spots: Apple: black rot, 92% (unknown)" in capsys.readouterr().out
    with Image.open(tmp_path / "new" / "folder" / "contact-sheet.jpg") as sheet:
        assert sheet.width > sheet.height > 2 * 240


def test_photos_are_posted_as_raw_jpeg_and_jobs_are_long_polled(
    api: tuple[str, type[_Api]], tmp_path: Path
) -> None:
    run_demo(api[0] + "/", tmp_path, count=2)
    for photo in api[1].photos:
        assert Image.open(io.BytesIO(photo)).format == "JPEG"
    assert api[1].preferences == ["wait=25", "wait=25"]


def test_every_request_carries_the_key(api: tuple[str, type[_Api]], tmp_path: Path) -> None:
    run_demo(api[0], tmp_path, count=1, api_key="cs_1")
    assert api[1].keys == {"cs_1"}


@pytest.mark.parametrize(
    ("ending", "message"),
    [
        ("failed", "ended as failed: the leaf was too green"),
        ("canceled", "ended as canceled: there is no result"),
        ("stranger", "what answers at http.* is not CropShield"),
        ("missing", r"\(404\): job 1 is unknown"),
    ],
)
def test_a_job_that_does_not_succeed_is_one_sentence(
    api: tuple[str, type[_Api]], tmp_path: Path, ending: str, message: str
) -> None:
    api[1].ending = ending
    with pytest.raises(CommandError, match=message):
        run_demo(api[0], tmp_path, count=1)


@pytest.mark.parametrize("server", ["http://127.0.0.1:9", "nonsense"])
def test_an_unreachable_server_is_one_sentence(tmp_path: Path, server: str) -> None:
    with pytest.raises(CommandError, match=f"no server answers at {server} .*make serve"):
        run_demo(server, tmp_path)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CommandError, match=r"cannot write to .*file"):
        run_demo("http://127.0.0.1:9", tmp_path / "file")
