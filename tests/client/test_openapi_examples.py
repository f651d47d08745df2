"""The answers in `/openapi.json` are those of a real server.

`RECORD=1 python -m pytest tests/client/test_openapi_examples.py` writes them anew.
"""

import json
import os
import uuid
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.openapi import document
from tests.service.conftest import Service

pytestmark = pytest.mark.service
EXAMPLES: Path = document.EXAMPLES
WAIT = {"Prefer": "wait=25", "Cache-Control": "no-cache"}
OPINION = {"agree": False, "class_name": "Tomato__late_blight", "note": "white mould below"}
Answers = dict[str, dict[str, Any]]


def test_the_examples_have_the_shape_of_real_answers(server: Service, leaf_jpeg: bytes) -> None:
    real = answers(server.http, leaf_jpeg)
    if os.environ.get("RECORD"):
        EXAMPLES.write_text(json.dumps(real, indent=1) + "\n", "utf-8")
    shown: Answers = json.loads(EXAMPLES.read_text("utf-8"))
    assert set(shown) == set(real)
    for name, by_status in real.items():
        assert {k: shape(it) for k, it in shown[name].items()} == {
            k: shape(it) for k, it in by_status.items()
        }, name


def answers(http: httpx2.Client, photo: bytes) -> Answers:
    """What each operation answers, by status."""
    jpeg = {"Content-Type": "image/jpeg"}
    queued = http.post(
        "/v1/jobs?priority=bulk", content=photo, headers=WAIT | jpeg | {"Prefer": ""}
    )
    done = http.post("/v1/jobs?client_ref=plot-7", content=photo, headers=WAIT | jpeg)
    job = f"/v1/jobs/{done.json()['id']}"
    forms = [("images", (f"{name}.jpg", photo, "image/jpeg")) for name in ("plot-7", "plot-8")]
    batch = http.post("/v1/batches", files=forms, headers={"Prefer": "wait=25"})
    return {
        "submit_batch": shown(batch),
        "get_batch": shown(http.get(batch.headers["Location"])),
        "submit_job": shown(queued, done),
        "get_job": shown(http.get(job)),
        "get_heatmap": shown(http.get(f"{job}/heatmap?format=json")),
        "give_feedback": {"request": OPINION} | shown(http.post(f"{job}/feedback", json=OPINION)),
        "put_job": shown(http.put(f"/v1/jobs/{uuid.uuid4()}", content=photo, headers=WAIT | jpeg)),
        "list_jobs": shown(http.get("/v1/jobs?client_ref=plot-7&limit=1")),
        "list_deliveries": shown(http.get(f"{job}/deliveries")),
        "delete_job": shown(http.delete(job)),
        "list_models": shown(http.get("/v1/models")),
        "get_model": shown(http.get("/v1/models/cropshield_cnn")),
        "list_classes": shown(http.get("/v1/classes")),
        "get_class": shown(http.get("/v1/classes/Apple__scab")),
        "list_colormaps": shown(http.get("/v1/colormaps")),
        "is_ready": shown(http.get("/readyz")),
    }


def shown(*given: httpx2.Response) -> dict[str, Any]:
    """JSON by status, with long lists cut."""
    assert all(answer.is_success for answer in given), [answer.text for answer in given]
    return {str(answer.status_code): short(answer.json()) for answer in given}


def short(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: short(it) for name, it in value.items()}
    return [short(it) for it in value[:3]] if isinstance(value, list) else value


def shape(value: Any) -> Any:
    """Names of members, whatever their values; of a card's figures not even those, nor of the
    place in the queue, which a quick worker has taken."""
    if isinstance(value, dict):
        inner = {name: it for name, it in value.items() if isinstance(it, dict | list)}
        known = {name: shape(it) for name, it in inner.items() if name not in ("metrics", "queue")}
        return known | {"members": sorted(value)}
    return [shape(value[0])] if isinstance(value, list) and value else None
