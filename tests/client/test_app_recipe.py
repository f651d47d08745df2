"""The recipe for apps, as far as it runs without a phone."""

import uuid
from pathlib import Path

import pytest

from tests.client.test_real_server import tiny
from tests.docs.pages import ROOT, blocks
from tests.kotlin import run_kotlin
from tests.service.conftest import Service, free_port

pytestmark = pytest.mark.service
SEND, *_ = blocks(ROOT / "docs/how-to/send-from-an-app.md", "kotlin")


def test_kotlin_sends_a_photo_once_however_often_and_tells_refused_from_later(
    server: Service, address: str, tmp_path: Path
) -> None:
    (tmp_path / "leaf.jpg").write_bytes(tiny(4001))
    (tmp_path / "notes.jpg").write_text("no photo")
    chosen, dead = str(uuid.uuid4()), f"http://127.0.0.1:{free_port()}"
    sends = [
        *[(address, chosen, "leaf.jpg")] * 2,
        (address, str(uuid.uuid4()), "notes.jpg"),
        (address, chosen, "notes.jpg"),
        (dead, chosen, "leaf.jpg"),
    ]
    calls = [f'println(putPhoto("{to}", "{job}", File("{file}")))' for to, job, file in sends]
    said = run_kotlin("\n".join([SEND, *calls]), tmp_path).split()
    assert said == ["SENT", "SENT", "REFUSED", "REFUSED", "LATER"]
    assert server.http.get(f"/v1/jobs/{chosen}").status_code == 200
