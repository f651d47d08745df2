"""The page that a newcomer reads first names only what is there, and all of it."""

import re
import subprocess
import tomllib

import typer

from cli.main import app
from tests.docs.pages import ROOT, rows, text

PAGE = "ARCHITECTURE.md"
SETS_A_STATE = re.compile(r"\b(?:end_job|requeue|try_again)\(|'state', '(?:queued|running)'")
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:yml|md|toml))`")


def test_every_file_and_folder_that_it_names_exists() -> None:
    named = FILE.findall(text(PAGE))
    assert len(named) > 60
    known = [
        ROOT,
        *(ROOT / folder for folder in ("cli", "api", "jobs", "engine", "models", "pictures")),
    ]
    assert [name for name in named if not any((top / name).exists() for top in known)] == []


def test_every_top_level_folder_has_a_row() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    folders = {name.partition("/")[0] for name in tracked if "/" in name and name[0] != "."}
    assert folders == {word for row in rows(PAGE, "Rooms") for word in re.findall(r"(\w+)/", row)}


def test_the_layers_are_those_that_the_import_rules_prove() -> None:
    rules = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(rule["layers"] for rule in rules if rule["name"].startswith("Imports run down"))
    assert " over ".join(f"`{layer}`" for layer in layers) in " ".join(text(PAGE).split())


def test_every_command_has_a_room() -> None:
    groups = getattr(typer.main.get_command(app), "commands")  # noqa: B009 - vendored click
    row = rows(PAGE, "Rooms")["cli/"][0]
    started_by_serve = {"api", "worker", "serve"}
    assert [name for name in groups if name not in row and name not in started_by_serve] == []


def test_every_script_that_sets_the_state_of_a_job_is_named() -> None:
    (row,) = (line for line in text(PAGE).splitlines() if line.startswith("| a state of a job"))
    scripts = (ROOT / "jobs/redis/scripts").glob("*.lua")
    setting = {path.name for path in scripts if SETS_A_STATE.search(path.read_text("utf-8"))}
    assert setting == set(re.findall(r"`(\w+\.lua)`", row))
