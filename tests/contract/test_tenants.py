"""Two keys on every route that there is: what is Ada's is not there for Bob.

The routes come from the application, so that a new one cannot be forgotten.
"""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from tests.api.conftest import FakeWorker
from tests.contract.conftest import NewKey, with_key

MARK = "adas-own-reference"
PHOTO = {"Content-Type": "image/jpeg"}


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """(method, path) of every route, also of those that the schema leaves out."""
    found = {
        (method, route.path_format)
        for route in _flat(app.routes)
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    described = app.openapi()["paths"]
    found |= {(method.upper(), path) for path, ways in described.items() for method in ways}
    return found


def _flat(entries: Any) -> list[Any]:
    """Routes, also those within routers that are included as they are."""
    found: list[Any] = []
    for entry in entries:
        inner = getattr(entry, "original_router", None)
        found += _flat(inner.routes) if inner else [entry]
    return found


EVERY = sorted(routes(create_app(ApiSettings())))
OWNED = [(method, path) for method, path in EVERY if "_id}" in path]
PUBLIC = {
    "model": "cropshield_cnn",
    "class_name": "Apple__scab",
    "slug": "internal",
    "language": "sw",
}
"""What routes name that is nobody's own."""
OPEN = (
    "/sample-leaf.jpg",
    "/start",
    "/playground/languages/{language}.json",
    "/livez",
    "/readyz",
    "/docs",
    "/redoc",
    "/problems/{slug}",
    "/openapi.json",
    "/",
    "/service-worker.js",
)


class Ada:
    """Somebody with a job that has succeeded, and a batch where there are batches."""

    def __init__(self, client: TestClient, secret: str, photo: bytes, worker: FakeWorker) -> None:
        self.client, self.secret = client, secret
        self.job = self._submit(photo)
        worker.succeed()
        self.batch = self._submit_batch(photo)

    def _submit(self, photo: bytes) -> str:
        headers = with_key(self.secret, **PHOTO)
        answer = self.client.post(f"/v1/jobs?client_ref={MARK}", content=photo, headers=headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def _submit_batch(self, photo: bytes) -> str:
        if ("POST", "/v1/batches") not in EVERY:
            return "no-batches"
        files = [("images", (MARK, photo, "image/jpeg"))] * 2
        headers = with_key(self.secret, **{"Cache-Control": "no-cache"})
        answer = self.client.post("/v1/batches", files=files, headers=headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def path(self, template: str) -> str:
        return template.format_map(PUBLIC | {"job_id": self.job, "batch_id": self.batch})


@pytest.fixture
def ada(nobody: TestClient, new_key: NewKey, leaf_jpeg: bytes, worker: FakeWorker) -> Ada:
    return Ada(nobody, new_key("Ada"), leaf_jpeg, worker)


def ask(client: TestClient, method: str, path: str, headers: dict[str, str], photo: bytes) -> Any:
    takes_photo = method in ("POST", "PUT") and not path.endswith("/feedback")
    body = photo if takes_photo else None
    return client.request(method, path, content=body, headers=PHOTO | headers)


def test_without_a_key_nothing_but_pages_and_health_is_open(nobody: TestClient) -> None:
    given = PUBLIC | {"job_id": "x", "batch_id": "x"}
    for method, template in EVERY:
        answer = ask(nobody, method, template.format_map(given), {}, b"")
        if template in OPEN:
            assert answer.status_code == 200, template
        else:
            assert answer.status_code == 401, f"{template}: be it under /v1 or be it named in OPEN"
            assert answer.json()["type"] == "/problems/wrong-key"


def test_another_keys_job_or_batch_is_not_there(
    ada: Ada, new_key: NewKey, leaf_jpeg: bytes
) -> None:
    bob = with_key(new_key("Bob"))
    for method, template in OWNED:
        answer = ask(ada.client, method, ada.path(template), bob, leaf_jpeg)
        assert answer.status_code == (409 if method == "PUT" else 404), (method, template)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert MARK not in answer.text
    for method, template in sorted(OWNED, key=lambda route: route[0] == "DELETE"):
        answer = ask(ada.client, method, ada.path(template), with_key(ada.secret), leaf_jpeg)
        assert answer.status_code not in (401, 403, 404, 405, 410), (method, template)


def test_what_anybody_reads_tells_nothing_of_another_key(ada: Ada, new_key: NewKey) -> None:
    bob = with_key(new_key("Bob"))
    for template in [path for method, path in EVERY if method == "GET"]:
        answer = ada.client.get(ada.path(template), headers=bob)
        told = answer.text.replace(ada.path(template), "")
        assert MARK not in told, template
        assert ada.job not in told or "{job_id}" in template, template


def test_an_expired_job_of_another_key_was_never_there(
    ada: Ada, new_key: NewKey, worker: FakeWorker
) -> None:
    worker.client.delete(f"cropshield:1:job:{ada.job}")
    path = f"/v1/jobs/{ada.job}"
    assert ada.client.get(path, headers=with_key(ada.secret)).status_code == 410
    assert ada.client.get(path, headers=with_key(new_key("Bob"))).status_code == 404


def test_another_keys_result_is_not_reused(ada: Ada, new_key: NewKey, leaf_jpeg: bytes) -> None:
    def submit(secret: str) -> Any:
        headers = with_key(secret, **PHOTO)
        path = f"/v1/jobs?client_ref={MARK}"
        return ada.client.post(path, content=leaf_jpeg, headers=headers).json()

    assert submit(new_key("Bob"))["cached"] is False
    assert submit(ada.secret)["cached"] is True
