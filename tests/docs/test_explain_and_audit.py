"""The reference of explain and audit names exactly what the commands have."""

import pytest
import typer

from cli.audit.findings import REASONS
from cli.errors import FAILED, INTERRUPTED, MISSING, USAGE
from cli.main import app
from tests.docs.pages import rows, text

PAGE = "docs/reference/explain-and-audit.md"


@pytest.mark.parametrize("name", ["explain", "audit"])
def test_every_option_is_named_with_its_default(name: str) -> None:
    command = getattr(typer.main.get_command(app), "commands")[name]  # noqa: B009 - vendored click
    options = {
        parameter.opts[0]: parameter.default
        for parameter in command.params
        if parameter.param_type_name == "option" and parameter.opts[0] != "--help"
    }
    documented = rows(PAGE, name)
    for option, default in options.items():
        shown = "" if default in (None, "", False) else str(default)
        assert documented[option][0].strip("` ") == shown, option
    assert {one for one in documented if one.startswith("--")} == set(options)


def test_every_exit_code_is_named() -> None:
    codes = {"0", *map(str, (FAILED, USAGE, MISSING, INTERRUPTED))}
    assert set(rows(PAGE, "Exit codes")) == codes


def test_every_reason_why_a_photo_is_shown_is_explained() -> None:
    page = text("docs/how-to/audit-a-model.md")
    assert [reason for reason in REASONS if f"`{reason}`" not in page] == []
