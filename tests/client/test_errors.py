"""Every problem of the server is an error of a kind."""

import pytest

from cropshield_client.errors import ProblemError, error_of
from jobs.problems import Problem, all_problems


@pytest.mark.parametrize("problem", all_problems(), ids=lambda problem: problem.slug)
def test_every_problem_has_an_error_of_a_kind(problem: Problem) -> None:
    error = error_of(problem.document("why"))
    assert type(error) is not ProblemError or problem.status in (405, 416)
    assert (error.slug, error.status, error.retryable) == (
        problem.slug,
        problem.status,
        problem.retryable,
    )
