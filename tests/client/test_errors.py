"""Every problem of the server is an error of a kind."""

import pytest

from api.problems.http_problems import all_problems, document, status_of
from cropshield_client.errors import ProblemError, error_of
from jobs.problems import Problem


@pytest.mark.parametrize("problem", all_problems(), ids=lambda problem: problem.slug)
def test_every_problem_has_an_error_of_a_kind(problem: Problem) -> None:
    error = error_of(document(problem, "why"))
    assert type(error) is not ProblemError or status_of(problem) in (405, 416)
    assert (error.slug, error.status, error.retryable) == (
        problem.slug,
        status_of(problem),
        problem.retryable,
    )
