"""The graph of a model comes to a device whole, over whatever link."""

import asyncio
import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cropshield_client import (
    AsyncCropShield,
    CropShield,
    InvalidResponse,
    NotFound,
    RetryPolicy,
    Unreachable,
)
from tests.client.bad_link import bad_link
from tests.service.conftest import Service

pytestmark = pytest.mark.service
MODEL = "cropshield_cnn"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


@pytest.fixture
def described(server: Service) -> dict[str, Any]:
    """What the card says of the graph."""
    return server.http.get(f"/v1/models/{MODEL}").json()["graph"]  # type: ignore[no-any-return]


def part_of(path: Path, described: dict[str, Any]) -> Path:
    return path.with_name(f"{path.name}.{described['sha256'][:16]}.part")


def is_whole(path: Path, described: dict[str, Any]) -> bool:
    whole = hashlib.sha256(path.read_bytes()).hexdigest() == described["sha256"]
    return whole and list(path.parent.iterdir()) == [path]


def noting(statuses: list[int], **options: Any) -> httpx2.Client:
    """A client that notes the statuses of answers with a file."""

    def note(response: httpx2.Response) -> None:
        if response.url.path.endswith("/graph"):
            statuses.append(response.status_code)

    return httpx2.Client(event_hooks={"response": [note]}, **options)


def test_a_graph_is_fetched_once_with_its_card(
    address: str, path: Path, described: dict[str, Any]
) -> None:
    statuses: list[int] = []
    told: list[tuple[int, int]] = []
    with noting(statuses) as http:
        client = CropShield(address, http=http)
        card = client.download_graph(MODEL, path, progress=lambda *sizes: told.append(sizes))
        assert (card["id"], card["graph"], len(card["classes"])) == (MODEL, described, 32)
        assert is_whole(path, described)
        assert told[-1] == (described["bytes"], described["bytes"])
        assert client.download_graph(MODEL, path) == card
    assert statuses == [200]


def test_both_clients_fetch_a_graph(address: str, path: Path, described: dict[str, Any]) -> None:
    async def fetch() -> None:
        async with AsyncCropShield(address) as client:
            await client.download_graph(MODEL, path)

    asyncio.run(fetch())
    assert is_whole(path, described)


def test_a_graph_comes_through_a_link_that_breaks_again_and_again(
    server: Service, path: Path, described: dict[str, Any]
) -> None:
    statuses: list[int] = []
    one_request_each = httpx2.Limits(max_keepalive_connections=0)
    with (
        bad_link("127.0.0.1", server.port, share=0.9, most=described["bytes"] // 2) as link,
        noting(statuses, limits=one_request_each) as http,
    ):
        retry = RetryPolicy(deadline=300, initial=0.01, maximum=0.05)
        CropShield(link.address, retry=retry, http=http).download_graph(MODEL, path)
        assert link.dropped > 2
    assert is_whole(path, described)
    assert 206 in statuses


KILLED = """
import os, sys
from cropshield_client import CropShield

def die(received, size):
    if received > size // 3:
        os._exit(9)

CropShield(sys.argv[1]).download_graph(sys.argv[2], sys.argv[3], progress=die)
"""


def test_a_download_goes_on_where_a_killed_process_left_it(
    address: str, path: Path, described: dict[str, Any]
) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, address, MODEL, path], check=False)
    assert (killed.returncode, path.exists()) == (9, False)
    there = part_of(path, described).stat().st_size
    told: list[int] = []
    with CropShield(address) as client:
        client.download_graph(MODEL, path, progress=lambda received, _: told.append(received))
    assert told[0] > there > described["bytes"] // 3
    assert is_whole(path, described)


def test_what_came_whole_before_the_process_was_killed_is_not_fetched_again(
    address: str, path: Path, described: dict[str, Any]
) -> None:
    statuses: list[int] = []
    with noting(statuses) as http:
        client = CropShield(address, http=http)
        client.download_graph(MODEL, path)
        path.replace(part_of(path, described))
        client.download_graph(MODEL, path)
    assert statuses == [200]
    assert is_whole(path, described)


@pytest.mark.parametrize("beginning", [1000, 10**9])
def test_a_file_with_another_hash_is_never_kept(
    address: str, path: Path, described: dict[str, Any], beginning: int
) -> None:
    path.write_bytes(b"the model of last year")
    part = part_of(path, described)
    part.write_bytes(bytes(min(beginning, described["bytes"])))
    with CropShield(address) as client:
        with pytest.raises(InvalidResponse, match=described["sha256"][:16]):
            client.download_graph(MODEL, path)
        assert path.read_bytes() == b"the model of last year"
        assert not part.exists()
        client.download_graph(MODEL, path)
    assert is_whole(path, described)


def test_a_part_that_is_longer_than_the_file_is_begun_anew(
    address: str, path: Path, described: dict[str, Any]
) -> None:
    part_of(path, described).write_bytes(bytes(described["bytes"] + 1))
    with CropShield(address) as client:
        client.download_graph(MODEL, path)
    assert is_whole(path, described)


def test_a_server_that_has_another_file_by_now_sends_all_of_it(
    server: Service, described: dict[str, Any]
) -> None:
    """What `If-Range` is for; the entity tag begins as the hash does."""
    link, tag = described["link"], described["sha256"][:32]
    same = {"Range": "bytes=10-19", "If-Range": f'"{tag}"'}
    assert server.http.get(link, headers=same).status_code == 206
    assert server.http.get(link, headers=same | {"If-Range": f'"{tag[::-1]}"'}).status_code == 200


def test_a_model_that_is_not_there_has_no_graph(address: str, path: Path) -> None:
    with CropShield(address) as client, pytest.raises(NotFound, match="nope"):
        client.download_graph("nope", path)
    assert not list(path.parent.iterdir())


def answering(
    graph: httpx2.Response | Exception, card: httpx2.Response | None = None
) -> CropShield:
    """A client of a server with the model `m`, which gives this graph."""
    described = {
        "link": "/v1/models/m/graph",
        "bytes": 4,
        "sha256": hashlib.sha256(b"onnx").hexdigest(),
    }

    def answer(request: httpx2.Request) -> httpx2.Response:
        if not request.url.path.endswith("/graph"):
            return card or httpx2.Response(200, json={"id": "m", "graph": described})
        if isinstance(graph, Exception):
            raise graph
        return graph

    transport = httpx2.MockTransport(answer)
    retry = RetryPolicy(deadline=0.05, initial=0.01, maximum=0.01)
    return CropShield("http://m.test", retry=retry, http=httpx2.Client(transport=transport))


FILE = {"content-type": "application/octet-stream"}
WRONG = {
    "a page": (httpx2.Response(200, html="<h1>Log in</h1>"), "not an answer of CropShield"),
    "json": (httpx2.Response(200, json={}), "not an answer of CropShield"),
    "nothing": (httpx2.Response(200, content=b"", headers=FILE), "not an answer of CropShield"),
    "more": (httpx2.Response(200, content=b"onnx!", headers=FILE), "more than the 4 bytes"),
    "another": (httpx2.Response(200, content=b"xnno", headers=FILE), "was described"),
    "a range": (
        httpx2.Response(206, content=b"x", headers=FILE | {"content-range": "bytes 3-3/4"}),
        "from byte 0 was asked for",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_not_the_file_is_told_and_not_kept(path: Path, kind: str) -> None:
    response, reason = WRONG[kind]
    with pytest.raises(InvalidResponse, match=reason):
        answering(graph=response).download_graph("m", path)
    assert not path.exists()


@pytest.mark.parametrize("wrong", [{"bytes": 0}, {"bytes": -1}, {"sha256": "../../x"}])
def test_a_card_that_describes_no_file_is_told(path: Path, wrong: dict[str, Any]) -> None:
    graph = {"link": "/v1/models/m/graph", "bytes": 4, "sha256": "0" * 64} | wrong
    card = httpx2.Response(200, json={"id": "m", "graph": graph})
    file = httpx2.Response(200, content=b"onnx", headers=FILE)
    with pytest.raises(InvalidResponse, match="not an answer of CropShield"):
        answering(graph=file, card=card).download_graph("m", path)
    assert not list(path.parent.iterdir())


def test_nothing_is_fetched_to_where_a_folder_is(path: Path) -> None:
    path.mkdir()
    file = httpx2.Response(200, content=b"onnx", headers=FILE)
    with pytest.raises(IsADirectoryError, match=r"model\.onnx"):
        answering(graph=file).download_graph("m", path)
    assert list(path.parent.iterdir()) == [path]


def test_a_server_that_keeps_failing_is_told_so(path: Path) -> None:
    with pytest.raises(Unreachable, match="gone"):
        answering(graph=httpx2.ReadError("gone")).download_graph("m", path)


def test_a_model_without_a_graph_raises_what_the_server_says(path: Path) -> None:
    problem = {"type": "/problems/no-graph", "status": 404, "detail": "model m has no graph"}
    refused = httpx2.Response(
        404, json=problem, headers={"content-type": "application/problem+json"}
    )
    card = httpx2.Response(200, json={"id": "m", "graph": None})
    with pytest.raises(NotFound, match="model m has no graph"):
        answering(graph=refused, card=card).download_graph("m", path)
