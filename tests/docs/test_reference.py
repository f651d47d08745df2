"""The reference pages name exactly what the code has."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from api.app import create_app
from api.problems.http_problems import all_problems, status_of
from api.rendering.params import ComparisonParams, HeatmapParams, OverlayParams
from api.schemas.classes import ClassDescriptionView
from api.schemas.listing import JobListParams
from api.settings import ApiSettings
from cli.main import app as command_line
from jobs.problems import Problem
from jobs.records.job import _NEXT, Job, State
from jobs.records.options import JobOptions
from jobs.settings import SharedSettings
from models.catalog import CARDS
from tests.docs.pages import PAGES, blocks, prose, rows, text
from workers.settings import WorkerSettings

HTTP, ERRORS, SETTINGS = (f"docs/reference/{name}.md" for name in ("http", "errors", "settings"))
OPENAPI: dict[str, Any] = create_app(ApiSettings()).openapi()
FIELDS = {
    f"CROPSHIELD_{name.upper()}": field
    for kind in (SharedSettings, ApiSettings, WorkerSettings)
    for name, field in kind.model_fields.items()
}
METHODS = ("get", "post", "put", "delete", "patch")


def test_every_route_is_named_and_no_other() -> None:
    routes = {
        f"{method.upper()} {path}"
        for path, methods in OPENAPI["paths"].items()
        for method in methods
        if method in METHODS
    }
    assert set(rows(HTTP, "Routes")) == routes


def test_every_parameter_of_a_route_is_named() -> None:
    page = text(HTTP)
    for methods in OPENAPI["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                name = parameter["name"]
                assert f"`{name}" in page or f"{{{name}}}" in page or name == "prefer", name


def test_every_option_is_named_with_its_default() -> None:
    documented = rows(HTTP, "Submit a photo")
    assert set(documented) == set(JobOptions.model_fields)
    for name, field in JobOptions.model_fields.items():
        default = documented[name][0].strip("` ")
        assert default == ("" if field.default is None else str(field.default)), name


def test_every_parameter_of_a_picture_is_named_with_its_pictures() -> None:
    looks: dict[str, type[BaseModel]]
    looks = {"overlay": OverlayParams, "heatmap": HeatmapParams, "comparison": ComparisonParams}
    documented = rows(HTTP, "Pictures")
    assert set(documented) == {name for look in looks.values() for name in look.model_fields}
    for name, (of, _) in documented.items():
        having = {picture for picture, look in looks.items() if name in look.model_fields}
        assert having == (set(looks) if of == "all but the photo" else set(of.split(", "))), name


def test_every_parameter_of_the_list_is_named_with_its_default() -> None:
    documented = rows(HTTP, "Your jobs")
    assert set(documented) == set(JobListParams.model_fields)
    for name, field in JobListParams.model_fields.items():
        default = documented[name][0].strip("` ")
        assert default == ("" if field.default is None else str(field.default)), name


def test_every_member_of_a_job_is_named() -> None:
    named = {name for cell in rows(HTTP, "The job") for name in cell.split(", ")}
    assert named == {*Job.model_fields, "client_ref", "links"} - {"owner", "request_id", "trace"}


def test_every_member_of_a_class_is_named() -> None:
    named = {name for cell in rows(HTTP, "Classes") for name in cell.split(", ")}
    assert named == {*ClassDescriptionView.model_fields}


def test_every_state_is_named_wherever_a_life_is_told() -> None:
    for page in ("README.md", HTTP, "docs/explanation/queue.md"):
        for state in State:
            assert state in text(page), (page, state)


def test_the_life_of_a_job_is_the_table_of_the_code() -> None:
    section = text("docs/explanation/queue.md").partition("## The life of a job")[2]
    told = set()
    for line in section.partition("\n## ")[0].splitlines():
        if line.startswith("| `"):
            before, after, *_ = line.strip("| ").split(" | ")
            told |= {(old, after.strip("`")) for old in re.findall(r"\w+", before)}
    assert told == {(old.value, new.value) for old, news in _NEXT.items() for new in news}


@pytest.mark.parametrize("problem", all_problems(), ids=lambda problem: problem.slug)
def test_every_problem_has_a_section_with_its_status(problem: Problem) -> None:
    section = text(ERRORS).partition(f"### {problem.slug}\n")[2].partition("\n#")[0]
    assert section.strip().startswith(str(status_of(problem))), "no section, or another status"
    assert ("retryable" in section) == problem.retryable


def test_no_section_is_about_a_problem_that_does_not_exist() -> None:
    sections = set(re.findall(r"^### (.+)$", text(ERRORS), re.MULTILINE))
    assert sections == {problem.slug for problem in all_problems()}


def test_every_setting_is_named_and_no_other() -> None:
    assert {name for name in rows(SETTINGS) if name.startswith("CROPSHIELD_")} == set(FIELDS)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_the_default_of_a_setting_is_the_codes(name: str) -> None:
    documented, default = rows(SETTINGS)[name][0].strip("` "), FIELDS[name].default
    if default == CARDS:
        assert documented == "the project's"
    elif isinstance(default, tuple):
        assert json.loads(documented) == list(default)
    elif isinstance(default, float):
        assert float(documented) == default
    else:
        assert documented == str(default)


def test_every_setting_in_the_prose_exists() -> None:
    for page in PAGES:
        named = re.findall(r"CROPSHIELD_[A-Z0-9_]+", page.read_text("utf-8"))
        assert set(named) <= set(FIELDS), page


def test_every_variable_of_the_makefile_is_named_with_its_default() -> None:
    variables = dict(re.findall(r"^(\w+) \?= ?(.*)$", text("Makefile"), re.MULTILINE))
    documented = rows(SETTINGS, "make")
    for name, default in variables.items():
        assert documented[name][0].strip("` ") == default, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_docs_exists(page: Path) -> None:
    code = "\n".join(blocks(page, "sh")) + "\n".join(re.findall(r"`([^`\n]+)`", prose(page)))
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", code)) <= targets
    commands = set(typer.main.get_command(command_line).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"\bcropshield ([a-z]+)", code)) <= commands
