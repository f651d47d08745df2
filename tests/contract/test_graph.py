"""The graph of a model, as a file."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from models.cards.card import Card
from models.catalog import Catalog

PATH = "/v1/models/resnet18/graph"


@pytest.fixture
def graph(client: TestClient) -> Any:
    """What the card says of it."""
    return client.get("/v1/models/resnet18").json()["graph"]


def test_a_graph_is_the_file_that_the_card_describes(client: TestClient, graph: Any) -> None:
    assert graph["link"] == PATH
    answer = client.get(PATH)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == graph["media_type"]
    assert answer.headers["Content-Length"] == str(graph["bytes"]) == str(len(answer.content))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="resnet18.onnx"'
    assert hashlib.sha256(answer.content).hexdigest() == graph["sha256"]
    head = client.head(PATH)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(graph["bytes"])


def test_a_known_graph_is_304_and_a_missing_part_can_be_asked_for(
    client: TestClient, graph: Any
) -> None:
    whole = client.get(PATH)
    tag, size = whole.headers["ETag"], graph["bytes"]
    assert not tag.startswith("W/")
    known = client.get(PATH, headers={"If-None-Match": tag})
    assert (known.status_code, known.content) == (304, b"")
    rest = client.get(PATH, headers={"Range": "bytes=1000000-", "If-Range": tag})
    assert rest.status_code == 206
    assert rest.headers["Content-Range"] == f"bytes 1000000-{size - 1}/{size}"
    assert rest.content == whole.content[1_000_000:]
    other = client.get(PATH, headers={"Range": "bytes=5-9", "If-Range": '"of another version"'})
    assert (other.status_code, len(other.content)) == (200, size)
    beyond = client.get(PATH, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.json()["type"]) == (416, "/problems/range-not-satisfiable")
    assert beyond.headers["Content-Range"] == f"bytes */{size}"


def test_a_model_without_a_graph_is_404_and_says_why(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card = Catalog()["resnet18"]
    assert card.graph
    elsewhere = card.model_copy(update={"weights": str(tmp_path / "resnet18.pth")})
    reasons = {
        "its card names none": card.model_copy(update={"graph": None}),
        "of other weights": card.model_copy(update={"sha256": "0" * 64}),
        "not on this server": elsewhere,
    }
    for reason, found in reasons.items():
        _serve(monkeypatch, found)
        assert client.get("/v1/models/resnet18").json()["graph"] is None
        answer = client.get(PATH)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-graph")
        assert reason in answer.json()["detail"]
        assert "cropshield models export resnet18" in answer.json()["detail"]


def _serve(monkeypatch: pytest.MonkeyPatch, card: Card) -> None:
    monkeypatch.setattr(Catalog, "__getitem__", lambda _, __: card)


def test_the_graph_of_an_unknown_model_is_404(client: TestClient) -> None:
    answer = client.get("/v1/models/nope/graph")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert "'nope'" in answer.json()["detail"]
