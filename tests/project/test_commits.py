"""Commit subjects: by the hook of git, and over the history in `make check`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pre_commit.clientlib import load_config

from scripts import check_subjects
from tests.project.makefile import ROOT, dry_run

LONG = "a" * 73
CONFIG = ROOT / ".pre-commit-config.yaml"


def git(folder: Path, *words: str, **given: str) -> "subprocess.CompletedProcess[str]":
    """`given`: environment variables."""
    who = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who |= {
        f"GIT_{role}_{part}": "a@b"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    kept.pop("VIRTUAL_ENV", None)
    return subprocess.run(
        ["git", "-C", folder, *words], env=kept | who | given, capture_output=True, text=True
    )


def commit(folder: Path, message: str) -> str:
    """The new commit's id."""
    done = git(folder, "commit", "--quiet", "--allow-empty", "--no-verify", "--message", message)
    assert done.returncode == 0, done.stderr
    return git(folder, "rev-parse", "HEAD").stdout.strip()


@pytest.fixture
def history(tmp_path: Path) -> Path:
    folder = tmp_path / "history"
    folder.mkdir()
    git(folder, "init", "--quiet")
    return folder


def test_subjects_are_read_after_the_base_alone(history: Path) -> None:
    commit(history, LONG)
    base = commit(history, "the base")
    commit(history, "the next\n\nwith a body")
    commit(history, "two lines\nof one subject")
    found = check_subjects.subjects_since(base, history)
    assert list(found.values()) == ["two lines of one subject", "the next"]


def test_a_shallow_clone_without_the_base_is_read_as_far_as_it_goes(
    history: Path, tmp_path: Path
) -> None:
    base = commit(history, "the base")
    for number in range(3):
        commit(history, f"number {number}")
    git(tmp_path, "clone", "--quiet", "--depth", "2", history.as_uri(), "shallow")
    found = check_subjects.subjects_since(base, tmp_path / "shallow")
    assert list(found.values()) == ["number 2", "number 1"]


def test_a_history_without_the_base_is_an_error(history: Path) -> None:
    commit(history, "of another history")
    with pytest.raises(LookupError, match="record another BASE"):
        check_subjects.subjects_since("0" * 40, history)


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("a" * 72, ""),
        (f"# a comment\n\n{'a' * 72}\n\n{LONG}", ""),
        (LONG, "73 characters, 72 are allowed"),
        ("a" * 40 + "\n" + "b" * 40, "81 characters"),
        ("# nothing but a comment", "empty"),
    ],
)
def test_a_subject_has_at_most_72_characters(message: str, fault: str) -> None:
    told = check_subjects.wrong(check_subjects.subject_of(message))
    assert fault in told
    assert bool(told) == bool(fault)


def test_every_subject_of_this_history_has_at_most_72_characters() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.check_subjects"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_hooks_are_those_of_make_check_and_need_no_network() -> None:
    loaded = load_config(CONFIG)
    assert [repo["repo"] for repo in loaded["repos"]] == ["local"]
    hooks = [hook for repo in yaml.safe_load(CONFIG.read_text())["repos"] for hook in repo["hooks"]]
    assert {hook["language"] for hook in hooks} == {"system"}
    checks = [line for line in dry_run("check") if line.startswith(".venv/bin/")]
    of_all_files = {"--check", "--force-exclude", "."}
    ran = [
        [word for word in line.removeprefix(".venv/bin/").split() if word not in of_all_files]
        for line in checks
    ]
    hooked = [
        [word for word in hook["entry"].split()[1:] if word not in of_all_files] for hook in hooks
    ]
    assert [tool for tool in ran[-len(hooks) :] if tool not in hooked] == []


def test_the_hooks_know_the_environment_that_they_were_installed_with() -> None:
    told = dry_run("hooks", "VENV=/elsewhere/env")
    assert "git config cropshield.environment '/elsewhere/env'" in told
    assert "/elsewhere/env/bin/pre-commit install" in told


@pytest.mark.parametrize("environment", ["active", "of make hooks", "on the path"])
def test_git_refuses_a_long_subject_once_the_hooks_are_installed(
    history: Path, environment: str
) -> None:
    shutil.copy(CONFIG, history)
    shutil.copytree(ROOT / "scripts", history / "scripts")
    commit(history, "the base")
    here = history / "environment of another name"
    here.symlink_to(sys.prefix)
    given: dict[str, str] = {}
    if environment == "active":
        given = {"VIRTUAL_ENV": str(here)}
    elif environment == "of make hooks":
        git(history, "config", "cropshield.environment", str(here))
    else:
        given = {"PATH": f"{here / 'bin'}:{os.environ['PATH']}"}
    install = [sys.executable, "-m", "pre_commit", "install"]
    subprocess.run(install, cwd=history, check=True, capture_output=True)
    refused = git(history, "commit", "--allow-empty", "--message", LONG, **given)
    assert refused.returncode
    assert "73 characters" in refused.stdout + refused.stderr
    accepted = git(history, "commit", "--allow-empty", "--message", "a short one", **given)
    assert accepted.returncode == 0, accepted.stderr
