"""Options as a request gives them: query parameters and form fields, all of them text."""

from collections.abc import Mapping

from pydantic import ValidationError

from api.problems import invalid
from jobs.options import Options


def read_options(given: Mapping[str, str]) -> Options:
    """Empty ones count as not given. Raises InvalidRequest."""
    try:
        return Options.model_validate({name: value for name, value in given.items() if value != ""})
    except ValidationError as error:
        raise invalid(error) from error
