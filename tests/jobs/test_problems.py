"""Every error that a client may meet has a problem type of its own."""

import inspect

from jobs import errors
from jobs.problems import INTERNAL, PROBLEMS, all_problems, problem_of
from pictures import errors as photo

BASES = {errors.CropShieldError, errors.TooSoon, errors.Unavailable, photo.PhotoError}
NEVER_LEAVES = {errors.WrongTransition, errors.TooManySecrets, errors.NoSuchSecret}


def test_every_error_is_in_the_table() -> None:
    for module in (errors, photo):
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, Exception) and kind not in BASES | NEVER_LEAVES:
                assert any(base in PROBLEMS for base in kind.__mro__), kind


def test_slugs_are_unique() -> None:
    slugs = [problem.slug for problem in all_problems()]
    assert len(slugs) == len(set(slugs))


def test_an_unexpected_error_is_internal() -> None:
    assert problem_of(KeyError("x")) is INTERNAL


def test_a_more_special_error_has_the_problem_of_its_base() -> None:
    assert problem_of(errors.BlobMissing("a", "b")).slug == "storage-failed"
