"""The container files agree with the project: paths, commands, settings, extras."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from api.settings import ApiSettings
from cli.main import app
from jobs.settings import SharedSettings
from tests.deploy.dockerfiles import copied_sources, instructions
from workers.settings import WorkerSettings

ROOT = Path(__file__).parents[2]
OVERRIDES = ("deploy/docker-compose.gpu.yml", "deploy/docker-compose.torch.yml")
COMPOSE_FILES = ("docker-compose.yml", *OVERRIDES)
WORKERS = ("deploy/worker.Dockerfile", "deploy/worker-cpu.Dockerfile")
DOCKERFILES = ("deploy/api.Dockerfile", *WORKERS)
SETTINGS = {
    f"CROPSHIELD_{name.upper()}"
    for settings in (SharedSettings, ApiSettings, WorkerSettings)
    for name in settings.model_fields
}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
GPU: dict[str, Any] = yaml.safe_load((ROOT / "deploy/docker-compose.gpu.yml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def _commands() -> list[list[str]]:
    """Every `cropshield …` that a container runs."""
    lists = [service["command"] for service in COMPOSE["services"].values() if "command" in service]
    for dockerfile in DOCKERFILES:
        lists += [yaml.safe_load(text) for word, text in instructions(dockerfile) if word == "CMD"]
    return [words for words in lists if words[0] == "cropshield"]


@pytest.mark.parametrize("name", ["api", "worker"])
def test_build_contexts_and_dockerfiles_exist(name: str) -> None:
    build = COMPOSE["services"][name]["build"]
    assert (ROOT / build["context"] / build["dockerfile"]).is_file()


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_everything_that_is_copied_exists_and_reaches_the_build(dockerfile: str) -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line[1:] for line in lines if line.startswith("!")}
    for source in copied_sources(dockerfile):
        assert (ROOT / source).exists(), source
        assert source in sent, source


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_every_package_that_a_process_imports_is_in_its_image(dockerfile: str) -> None:
    entry = "workers" if dockerfile in WORKERS else "api"
    packages = {"cli", "jobs", "models", "pictures", entry}
    packages |= {"engine"} if entry == "workers" else set()
    assert packages <= set(copied_sources(dockerfile))


def test_the_api_image_has_neither_the_engine_nor_workers() -> None:
    assert not {"engine", "workers"} & set(copied_sources("deploy/api.Dockerfile"))


@pytest.mark.parametrize("words", _commands(), ids=" ".join)
def test_every_command_is_one_of_the_command_line(words: list[str]) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    options = {name for parameter in commands[words[1]].params for name in parameter.opts}
    assert {word for word in words[2:] if word.startswith("--")} <= options


def test_the_image_runs_what_compose_runs() -> None:
    for name in ("api", "worker", "worker-cpu"):
        words = dict(instructions(f"deploy/{name}.Dockerfile"))["CMD"]
        service = COMPOSE["services"][name.removesuffix("-cpu")]
        assert yaml.safe_load(words) == service["command"]


@pytest.mark.parametrize("path", [*COMPOSE_FILES, *DOCKERFILES])
def test_every_setting_is_one_that_the_code_reads(path: str) -> None:
    assert set(re.findall(r"CROPSHIELD_[A-Z0-9_]+", (ROOT / path).read_text())) <= SETTINGS


def test_settings_in_the_containers_are_valid() -> None:
    environment = COMPOSE["services"]["worker"]["environment"]
    environment = environment | GPU["services"]["worker"]["environment"]
    given = {name.removeprefix("CROPSHIELD_").lower(): value for name, value in environment.items()}
    assert WorkerSettings(**given).device == "cuda"


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_extras_that_are_installed_exist(dockerfile: str) -> None:
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", (ROOT / dockerfile).read_text())
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])


def test_the_image_for_cpus_installs_no_torch() -> None:
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", (ROOT / WORKERS[1]).read_text())
    wanted = [one for extra in extras.split(",") for one in PROJECT["optional-dependencies"][extra]]
    assert any(one.startswith("openvino") for one in wanted)
    assert not any(one.startswith(("torch", "safetensors", "cropshield")) for one in wanted)


def test_torch_is_the_version_that_the_project_asks_for() -> None:
    text = (ROOT / "deploy/worker.Dockerfile").read_text()
    for requirement in PROJECT["optional-dependencies"]["worker"]:
        if requirement.startswith("torch"):
            assert f"'{requirement}'" in text


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_containers_do_not_run_as_root_and_say_how_they_are(dockerfile: str) -> None:
    words = [word for word, _ in instructions(dockerfile)]
    user = dict(instructions(dockerfile))["USER"]
    assert user not in ("root", "0")
    assert words.index("USER") > max(at for at, word in enumerate(words) if word == "RUN")
    assert "HEALTHCHECK" in words


def test_redis_keeps_what_it_was_given() -> None:
    words = COMPOSE["services"]["redis"]["command"]
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options == {
        "--appendonly": "yes",
        "--appendfsync": "always",
        "--save": "",
        "--maxmemory-policy": "noeviction",
    }
    assert "redis:/data" in COMPOSE["services"]["redis"]["volumes"]


def test_api_and_worker_share_photos_and_wait_for_redis() -> None:
    for name in ("api", "worker"):
        service = COMPOSE["services"][name]
        volume, place = service["volumes"][0].split(":")
        assert volume in COMPOSE["volumes"]
        assert place == service["environment"]["CROPSHIELD_HOME"]
        assert service["depends_on"]["redis"]["condition"] == "service_healthy"
        assert service["restart"] == "unless-stopped"
        assert "stop_grace_period" in service


def test_only_this_machine_reaches_what_is_published() -> None:
    published = [port for it in COMPOSE["services"].values() for port in it.get("ports", ())]
    assert len(published) == 2
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_gpu_file_changes_known_services_alone() -> None:
    assert set(GPU["services"]) <= set(COMPOSE["services"])
    devices = GPU["services"]["worker"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices[0]["capabilities"] == ["gpu"]


@pytest.mark.parametrize("path", OVERRIDES)
def test_only_a_worker_that_is_asked_for_has_torch(path: str) -> None:
    assert COMPOSE["services"]["worker"]["build"]["dockerfile"] == WORKERS[1]
    changed = yaml.safe_load((ROOT / path).read_text())["services"]
    assert list(changed) == ["worker"]
    assert changed["worker"]["build"]["dockerfile"] == WORKERS[0]


@pytest.mark.parametrize("path", [*COMPOSE_FILES, *DOCKERFILES])
def test_files_named_in_comments_exist(path: str) -> None:
    comments = [line for line in (ROOT / path).read_text().splitlines() if "#" in line]
    for word in shlex.split(" ".join(comments).replace("#", " "), posix=False):
        if re.fullmatch(r"[\w./-]+\.(yml|py|Dockerfile)\.?", word):
            assert (ROOT / word.rstrip(".")).is_file(), word
