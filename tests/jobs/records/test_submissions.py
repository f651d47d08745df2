"""Which jobs have the same result: the fingerprint by which one is reused."""

from typing import Any

from jobs.records import submissions
from jobs.records.options import JobOptions
from tests.jobs.conftest import a_job


def test_a_result_is_not_used_again_after_another_calibration() -> None:
    job = a_job()
    calibrated = job.model_copy(
        update={"model": job.model.model_copy(update={"calibration": "0014b2e1d04ff0bd"})}
    )
    assert submissions.result_fingerprint(job) == submissions.result_fingerprint(
        job.model_copy(update={"id": "other"})
    )
    assert submissions.result_fingerprint(job) != submissions.result_fingerprint(calibrated)


OTHER_VALUES: dict[str, Any] = {
    "model": "resnet18",
    "top_k": 2,
    "class_index": 1,
    "class_name": "Apple__scab",
    "method": "layercam",
    "colormap": "viridis",
    "alpha": 0.25,
    "overlay_format": "png",
    "client_ref": "field 7",
    "priority": "bulk",
    "deadline": 60.0,
    "ttl": 600,
    "callback_url": "https://example.org/hook",
}


def test_every_option_either_changes_the_result_or_is_named_as_one_that_does_not() -> None:
    assert {*OTHER_VALUES} == {*JobOptions.model_fields}
    job = a_job()
    for name, value in OTHER_VALUES.items():
        assert value != getattr(job.options, name)
        other = job.model_copy(update={"options": JobOptions(**{name: value})})
        same = submissions.result_fingerprint(other) == submissions.result_fingerprint(job)
        assert same == (name in submissions.NOT_IN_RESULT), name


def test_the_models_weights_change_the_result() -> None:
    job = a_job()
    model = job.model.model_copy(update={"weights_sha256": "01"})
    other = job.model_copy(update={"model": model})
    assert submissions.result_fingerprint(other) != submissions.result_fingerprint(job)
