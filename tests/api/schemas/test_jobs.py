"""The public view of a job."""

from api.schemas.jobs import JobView, job_view
from jobs.records.job import Job
from models.catalog import Catalog
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
