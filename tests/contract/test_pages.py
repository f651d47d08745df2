"""The rows on what is not under /v1: pages for people, the document, metrics, health."""

import re

import pytest
from starlette.testclient import TestClient

from jobs.errors import BlobsFailed
from jobs.records.job import State
from tests.contract.conftest import NewKey, with_key

PAGES = ("/", "/docs", "/redoc", "/start", "/problems/too-slow")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_self_hosted(client: TestClient, path: str) -> None:
    """What a browser does with it is in tests/web."""
    page = client.get(path)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    asked = re.findall(r"(?:src|href)=\"([^\"#][^\"]*)\"", page.text)
    assert asked
    for link in asked:
        assert link.startswith("/")
        assert client.get(link).status_code == 200, link


def test_openapi_json_is_version_3_1_and_leaves_metrics_and_pages_out(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert all(path.startswith(("/v1/", "/livez", "/readyz")) for path in document["paths"])


def test_the_reference_names_every_operation_parameter_schema_and_status(
    client: TestClient,
) -> None:
    page, document = client.get("/redoc").text, client.get("/openapi.json").json()
    for path, ways in document["paths"].items():
        for method, operation in ways.items():
            (section,) = re.findall(
                rf'<h3 id="{operation["operationId"]}">.*?(?=<h[23])', page, re.DOTALL
            )
            assert f">{method.upper()} {path}</h3>" in section
            names = [it["name"] for it in operation.get("parameters", [])]
            for name in (*names, *operation["responses"]):
                assert f"<code>{name}</code>" in section, (path, name)
    for name in document["components"]["schemas"]:
        assert f'<h3 id="{name}">' in page


def test_the_first_steps_draw_every_state(client: TestClient) -> None:
    drawn = client.get("/start").text.partition("The life of a job")[2]
    assert all(state.value in drawn for state in State)


def test_metrics_are_prometheus_text_and_need_a_key_where_jobs_do(
    client: TestClient, nobody: TestClient, new_key: NewKey
) -> None:
    told = client.get("/metrics")
    assert told.headers["Content-Type"].startswith("text/plain; version=")
    assert "\ncropshield_redis_up 1.0\n" in told.text
    assert nobody.get("/metrics").status_code == 401
    assert nobody.get("/metrics", headers=with_key(new_key("Ada"))).status_code == 200


def test_livez_and_readyz_are_200_and_the_number_of_workers_is_only_told(
    client: TestClient,
) -> None:
    assert client.get("/livez").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "workers": 0})


def test_readyz_is_503_when_the_photo_store_does_not_answer(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Redis: test_errors."""

    def full() -> None:
        raise BlobsFailed("cannot write: No space left on device")

    blobs = client.app.state.services.jobs.blobs  # type: ignore[attr-defined]
    monkeypatch.setattr(blobs, "check", full)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/storage-failed")
    assert client.get("/livez").status_code == 200
