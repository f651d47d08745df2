"""The table of commands: nothing in it that is not there, and nothing left out."""

from typing import Any

import pytest
import typer

from cli.main import app
from tests.docs.pages import rows

TABLE = rows("docs/reference/commands.md")


@pytest.mark.parametrize("words", TABLE)
def test_a_command_exists_with_exactly_the_named_options(words: str) -> None:
    found: Any = typer.main.get_command(app)
    for word in words.split():
        if hasattr(found, "commands"):
            found = found.commands[word]
    options = {
        option
        for parameter in found.params
        if parameter.param_type_name == "option" and not parameter.hidden
        for option in parameter.opts
        if option.startswith("--")
    }
    named = {option.strip(" `") for option in TABLE[words][1].split(",") if option}
    assert named == options - {"--help"}
