"""jobs/wire.py: which jobs may share a result."""

from jobs import wire
from tests.jobs.conftest import a_job


def test_a_result_is_not_used_again_after_another_calibration() -> None:
    job = a_job()
    calibrated = job.model_copy(
        update={"model": job.model.model_copy(update={"calibration": "0014b2e1d04ff0bd"})}
    )
    assert wire.fingerprint(job) == wire.fingerprint(job.model_copy(update={"id": "other"}))
    assert wire.fingerprint(job) != wire.fingerprint(calibrated)
