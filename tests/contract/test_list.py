"""GET of the list of jobs: its order, its pages, what it can be asked by."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import FakeWorker
from tests.contract.conftest import submit


def pages(client: TestClient, query: str) -> Iterator[list[dict[str, Any]]]:
    """All pages, by the links between them."""
    path = f"/v1/jobs?{query}"
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        yield answer.json()["jobs"]
        link = answer.headers.get("Link", "")
        assert bool(link) == bool(answer.json()["next_cursor"])
        path = link.partition(">")[0].removeprefix("<")


def test_the_list_is_newest_first_and_whole_through_its_cursors(
    client: TestClient, leaf_jpeg: bytes
) -> None:
    made = [submit(client, leaf_jpeg, f"client_ref={n % 2}") for n in range(5)]
    listed = list(pages(client, "limit=2"))
    assert [len(page) for page in listed] == [2, 2, 1]
    assert [job["links"]["self"] for page in listed for job in page] == made[::-1]
    of_one = [job for page in pages(client, "limit=2&client_ref=1") for job in page]
    assert [job["links"]["self"] for job in of_one] == [made[3], made[1]]


def test_the_list_can_be_asked_by_state_and_since(
    client: TestClient, leaf_jpeg: bytes, fake_worker: FakeWorker
) -> None:
    first, second = (submit(client, leaf_jpeg) for _ in range(2))
    fake_worker.succeed()
    found = client.get("/v1/jobs?state=succeeded").json()["jobs"]
    assert [job["links"]["self"] for job in found] == [first]
    assert found[0] == client.get(first).json()
    since = client.get(second).json()["created_at"]
    later = client.get("/v1/jobs", params={"since": since}).json()["jobs"]
    assert [job["links"]["self"] for job in later] == [second]
    assert client.get("/v1/jobs?since=2999-01-01T00:00:00Z").json()["jobs"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=abc", "cursor"),
        ("state=done", "state"),
        ("since=yesterday", "since"),
        ("since=2026-01-01T00:00:00", "since"),
        ("order=asc", "order"),
    ],
)
def test_a_wrong_list_parameter_is_422(client: TestClient, query: str, field: str) -> None:
    answer = client.get(f"/v1/jobs?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
