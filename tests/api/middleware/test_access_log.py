"""The access log."""

import logging

import pytest
from starlette.testclient import TestClient


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "api.middleware.access_log"]


def test_a_request_is_one_line_with_the_job(
    client: TestClient, leaf_jpeg: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    posted = client.post(
        "/v1/jobs?client_ref=secret", files={"image": ("secret.jpg", leaf_jpeg, "image/jpeg")}
    )
    client.get(posted.headers["location"])
    submitted, read = lines(caplog)
    assert submitted.getMessage() == "POST /v1/jobs 202"
    assert read.getMessage() == "GET /v1/jobs/{job_id} 200"
    for record in (submitted, read):
        assert vars(record)["job_id"] == posted.json()["id"]
        assert vars(record)["milliseconds"] > 0
        assert "secret" not in str(vars(record))


def test_what_machines_ask_all_the_time_is_quiet(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for path in ("/livez", "/readyz", "/metrics"):
        client.get(path)
    assert not lines(caplog)


def test_what_is_no_job_id_stays_out(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.get("/v1/jobs/my-secret%0Afile.jpg")
    (record,) = lines(caplog)
    assert "secret" not in str(vars(record))
