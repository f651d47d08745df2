"""Every error that a client may meet has a problem type and an HTTP status of its own."""

import inspect

from api.problems import errors as api_errors
from api.problems.http_problems import (
    HTTP_PROBLEMS,
    STATUS,
    all_problems,
    http_problem_of,
    with_status,
)
from jobs import errors
from jobs.problems import INTERNAL, job_problem_of
from pictures import errors as photo

BASES = {errors.CropShieldError, errors.TooSoon, errors.Unavailable, photo.PhotoError}
NEVER_LEAVES = {photo.WrongMask, errors.WrongTransition, errors.TooManySecrets, errors.NoSuchSecret}
HAS_ITS_OWN_HANDLER = {api_errors.InvalidRequest}


def test_every_error_is_in_the_table() -> None:
    for module in (errors, api_errors, photo):
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if (
                issubclass(kind, Exception)
                and kind not in BASES | NEVER_LEAVES | HAS_ITS_OWN_HANDLER
            ):
                assert any(base in HTTP_PROBLEMS for base in kind.__mro__), kind


def test_slugs_are_unique_and_each_has_a_status() -> None:
    slugs = [problem.slug for problem in all_problems()]
    assert len(slugs) == len(set(slugs))
    assert {*slugs} == {*STATUS}


def test_a_failed_job_keeps_no_http_status_and_is_served_with_one() -> None:
    lost = errors.WorkerLost(5)
    kept = job_problem_of(lost).document(str(lost))
    assert "status" not in kept
    assert with_status(kept) == kept | {"status": 500}
    assert with_status(kept | {"status": 404}) == kept | {"status": 500}


def test_an_unexpected_error_is_internal() -> None:
    assert http_problem_of(KeyError("x")) is INTERNAL


def test_a_more_special_error_has_the_problem_of_its_base() -> None:
    assert http_problem_of(errors.BlobMissing("a", "b")).slug == "storage-failed"
