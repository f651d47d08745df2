"""The public view of a job."""

from api.schemas.jobs import JobView, job_view
from jobs.records.job import Job, State
from models.catalog import Catalog
from tests.api.conftest import RESULT
from tests.contract.test_jobs import PUBLIC_FIELDS
from tests.jobs.conftest import a_job


class JobWithSecret(Job):
    """What a record may hold one day."""

    secret: str = "not for clients"


def test_only_named_fields_are_public() -> None:
    job = JobWithSecret(**a_job(owner="farm-7").model_dump(), owner="farm-7", request_id="r-1")
    shown = job_view(job, Catalog()).model_dump_json()
    assert {*JobView.model_fields} == PUBLIC_FIELDS
    assert not any(word in shown for word in ("secret", "not for clients", "farm-7", "r-1"))


def test_an_error_of_a_type_that_only_a_newer_worker_knows_is_shown() -> None:
    told = {"type": "/problems/too-blurred", "title": "Too blurred", "detail": "0.1 of 0.5"}
    job = a_job().model_copy(update={"state": State.FAILED, "error": told | {"retryable": False}})
    shown = job_view(job, Catalog()).error
    assert shown is not None
    assert shown.model_dump(include={*told, "status"}) == told | {"status": 500}


def test_what_a_newer_worker_says_of_a_result_is_never_taken_for_reliable() -> None:
    found = RESULT["explanations"][0]
    warned = found["diagnostics"] | {"warnings": ["edge", "watermark"]}
    result = RESULT | {
        "verdict": "half_a_leaf",
        "explanations": [found | {"diagnostics": warned, "shape": "round"}],
    }
    job = a_job().model_copy(update={"state": State.SUCCEEDED, "result": result})
    shown = job_view(job, Catalog()).result
    assert shown is not None
    assert shown.verdict == "unknown"
    assert "Do not use the answer" in (shown.advice or "")
    assert shown.explanations[0].diagnostics.warnings == ["edge"]
