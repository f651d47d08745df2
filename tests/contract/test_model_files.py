"""The files of a model: its graph and its prototypes."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from models.cards.card import Card
from models.catalog import Catalog

MODEL = "/v1/models/resnet18"
GRAPH = f"{MODEL}/graph"
FILES = {"graph": "resnet18.onnx", "prototypes": "resnet18.means.npz"}


@pytest.fixture(params=FILES)
def described(request: pytest.FixtureRequest, client: TestClient) -> Any:
    """What the card says of a file, and its name."""
    return client.get(MODEL).json()[request.param] | {"name": FILES[request.param]}


def test_a_file_is_the_one_that_the_card_describes(client: TestClient, described: Any) -> None:
    answer = client.get(described["link"])
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == described["media_type"]
    assert answer.headers["Content-Length"] == str(described["bytes"]) == str(len(answer.content))
    expected = f'attachment; filename="{described["name"]}"'
    assert answer.headers["Content-Disposition"] == expected
    assert hashlib.sha256(answer.content).hexdigest() == described["sha256"]
    head = client.head(described["link"])
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(described["bytes"])


def test_a_known_file_is_304_and_a_missing_part_can_be_asked_for(
    client: TestClient, described: Any
) -> None:
    link, size, half = described["link"], described["bytes"], described["bytes"] // 2
    whole = client.get(link)
    tag = whole.headers["ETag"]
    assert not tag.startswith("W/")
    known = client.get(link, headers={"If-None-Match": tag})
    assert (known.status_code, known.content) == (304, b"")
    rest = client.get(link, headers={"Range": f"bytes={half}-", "If-Range": tag})
    assert rest.status_code == 206
    assert rest.headers["Content-Range"] == f"bytes {half}-{size - 1}/{size}"
    assert rest.content == whole.content[half:]
    other = client.get(link, headers={"Range": "bytes=5-9", "If-Range": '"of another version"'})
    assert (other.status_code, len(other.content)) == (200, size)
    beyond = client.get(link, headers={"Range": f"bytes={size}-"})
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
        answer = client.get(GRAPH)
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-graph")
        assert reason in answer.json()["detail"]
        assert "cropshield models export resnet18" in answer.json()["detail"]


def test_a_model_without_prototypes_is_404_and_says_why(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    card = Catalog()["resnet18"]
    reasons = {
        "never calibrated": card.model_copy(update={"doubt": None}),
        "not on this server": card.model_copy(update={"weights": str(tmp_path / "resnet18.pth")}),
    }
    for reason, found in reasons.items():
        _serve(monkeypatch, found)
        assert client.get(MODEL).json()["prototypes"] is None
        answer = client.get(f"{MODEL}/prototypes")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
        assert reason in answer.json()["detail"]


def _serve(monkeypatch: pytest.MonkeyPatch, card: Card) -> None:
    monkeypatch.setattr(Catalog, "__getitem__", lambda _, __: card)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_an_unknown_model_is_404(client: TestClient, name: str) -> None:
    answer = client.get(f"/v1/models/nope/{name}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert "'nope'" in answer.json()["detail"]
