"""From the server's JSON to dataclasses."""

import json
from pathlib import Path

import pytest

from cropshield_client.models import Job, JobFailed
from cropshield_client.parsing import parse

EXAMPLES = Path(__file__).parents[2] / "api/openapi/examples.json"
SHOWN = json.loads(EXAMPLES.read_text("utf-8"))["get_job"]["200"]


def test_a_real_answer_becomes_a_job() -> None:
    job = parse(Job, SHOWN | {"member_of_tomorrow": {"x": 1}})
    assert job.succeeded
    assert job.created_at.tzinfo is not None
    assert job.best.class_name == SHOWN["result"]["predictions"][0]["class_name"]
    assert job.result is not None
    assert 0 <= job.result.explanations[0].diagnostics.focus <= 1
    assert job.raw["member_of_tomorrow"] == {"x": 1}


def test_a_job_without_a_result_has_no_best_class() -> None:
    job = parse(Job, SHOWN | {"state": "canceled", "result": None})
    with pytest.raises(JobFailed, match="canceled"):
        _ = job.best
