"""`cropshield doctor`, on real servers that are set up well and badly."""

import fcntl
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from typer.testing import CliRunner

from cli.diagnostics import gpu, models, queue
from cli.diagnostics.doctor import run_checks
from cli.diagnostics.findings import Finding, Level
from cli.diagnostics.storage import check_bucket
from cli.main import app
from cli.serve import private_redis
from jobs.redis.backlog import Backlog, QueueDepth
from jobs.settings import SharedSettings
from models.catalog import CARDS
from tests.conftest import wait_until_redis_answers
from tests.s3 import KEYS, make_bucket
from tests.service.conftest import free_port


@contextmanager
def redis_of(home: Path, **changes: str) -> Iterator[str]:
    """A Redis as `make serve` starts it, but for the changes; its URL."""
    place = private_redis.socket_path(home)
    argv = private_redis.command(private_redis.find_server(), home, place)
    for name, value in changes.items():
        argv += [f"--{name.replace('_', '-')}", *value.split()]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as process:
        with Redis.from_url(f"unix://{place}") as client:
            wait_until_redis_answers(client)
        try:
            yield f"unix://{place}"
        finally:
            process.terminate()


def about(subject: str, settings: SharedSettings) -> list[Finding]:
    found = run_checks(settings, "127.0.0.1", free_port(), quick=True)
    return [finding for finding in found if finding.subject == subject]


def problems(findings: list[Finding]) -> str:
    return " ".join(found.found for found in findings if found.level is Level.PROBLEM)


def test_a_bucket_is_tried_where_photos_go_to_one(
    home: Path, s3_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    settings = SharedSettings(home=home, blobs="s3://doctor", s3_endpoint=s3_address)
    assert "cannot write (s3://doctor): " in problems([check_bucket(settings)])
    make_bucket(s3_address, "doctor")
    (finding,) = about("bucket", settings)
    assert finding.found == "s3://doctor takes photos"
    assert not about("bucket", SharedSettings(home=home))


def test_a_redis_as_it_should_be_is_fine(redis_url: str, home: Path) -> None:
    found = about("redis", SharedSettings(redis_url=redis_url, home=home))
    assert {finding.level for finding in found} == {Level.OK}


def test_every_wrong_setting_of_redis_is_a_problem_with_its_cure(home: Path) -> None:
    wrong = {"appendonly": "no", "appendfsync": "everysec", "maxmemory_policy": "allkeys-lru"}
    with redis_of(home, **wrong) as url:
        found = about("redis", SharedSettings(redis_url=url, home=home))
    for name, value in wrong.items():
        name = name.replace("_", "-")
        (finding,) = [finding for finding in found if finding.found.startswith(name)]
        assert finding.level is Level.PROBLEM
        assert f"{name} is {value}" in finding.found
        assert f"config set {name} " in finding.advice


def test_a_redis_that_hides_its_settings_is_judged_by_what_it_tells(home: Path) -> None:
    hidden = {"rename_command": "CONFIG hidden", "maxmemory_policy": "allkeys-lru"}
    with redis_of(home, **hidden) as url:
        found = about("redis", SharedSettings(redis_url=url, home=home))
    assert "maxmemory-policy is allkeys-lru" in problems(found)
    assert [finding.level for finding in found].count(Level.WARNING) == 1


def test_memory_that_runs_out_is_a_warning(home: Path) -> None:
    with redis_of(home) as url, Redis.from_url(url) as client:
        client.config_set("maxmemory", client.info()["used_memory"])
        found = about("redis", SharedSettings(redis_url=url, home=home))
    assert any("maxmemory are used" in finding.found for finding in found)


def test_too_few_replicas_are_a_problem(home: Path, redis_url: str) -> None:
    found = about("redis", SharedSettings(redis_url=redis_url, redis_replicas=1, home=home))
    assert "0 replicas follow; CROPSHIELD_REDIS_REPLICAS is 1" in problems(found)


def test_a_redis_that_does_not_answer_is_a_problem(home: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    found = about("redis", SharedSettings(redis_url=url, home=home))
    assert f"{url} does not answer" in problems(found)


def test_an_old_redis_is_a_problem(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_redis, "OLDEST", (99, 0))
    assert "version" in problems(about("redis", SharedSettings(redis_url=redis_url)))


@pytest.mark.parametrize("folder", ["var", "d" * 120], ids=["near", "deep"])
def test_the_private_redis_is_found_by_its_folder(folder: str, tmp_path: Path) -> None:
    settings = SharedSettings(home=tmp_path / folder)
    with redis_of(settings.home):
        found = about("redis", settings)
        assert "version" in found[0].found
        assert about("queue", settings)
    assert "none runs now" in about("redis", settings)[0].found


def test_a_socket_left_by_a_killed_redis_is_no_problem(home: Path) -> None:
    place = private_redis.socket_path(home)
    place.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    (found,) = about("redis", SharedSettings(home=home))
    assert (found.level, "none runs now" in found.found) == (Level.OK, True)
    with (home / "serve.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "does not answer" in problems(about("redis", SharedSettings(home=home)))


def test_a_folder_that_cannot_be_written_is_a_problem(home: Path) -> None:
    home.write_text("a file where the folder should be")
    found = about("folder", SharedSettings(home=home))
    assert f"cannot write to {home}" in problems(found)


def test_foreign_weights_are_a_problem(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "cards"
    folder.mkdir()
    settings = SharedSettings(cards=folder, home=home)
    assert "no card" in problems(about("model", settings))
    (folder / "m.toml").write_text((CARDS / "cropshield_cnn.toml").read_text("utf-8"), "utf-8")
    (tmp_path / "cropshield_cnn.pth").write_bytes(b"other")
    for name in ("class_to_idx.json", "class_descriptions.toml"):
        shutil.copy(CARDS.parent / name, tmp_path)
    assert "sha256" in problems(about("model", settings))


def test_every_model_is_tried(home: Path) -> None:
    found = models.check_models([CARDS], "cpu", quick=False)
    assert len(found) == len(list(CARDS.glob("*.toml")))
    for one in found:
        assert one.level is Level.OK, one
        assert "on cpu" in one.found


def test_a_gpu_that_is_asked_for_and_not_there_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(gpu, "_DRIVER", tmp_path / "none")
    assert gpu.check_gpu("auto").level is Level.OK
    assert gpu.check_gpu("cuda:0").level is Level.PROBLEM


def test_a_driver_that_torch_cannot_use_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "version").write_text("NVRM version: 450.80\nGCC version\n")
    monkeypatch.setattr(gpu, "_DRIVER", tmp_path / "version")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.version.cuda", "13.0")
    found = gpu.check_gpu("auto")
    assert found.level is Level.WARNING
    assert "450.80" in found.found
    monkeypatch.setattr("torch.version.cuda", None)
    assert "built for CPUs alone" in gpu.check_gpu("auto").found


@pytest.mark.parametrize(
    ("workers", "jobs", "age", "level"),
    [
        (1, 0, 0, "ok"),
        (1, 5, 3, "ok"),
        (1, 5, 90, "warning"),
        (0, 0, 0, "warning"),
        (0, 1, 1, "problem"),
    ],
)
def test_the_queue_is_judged(workers: int, jobs: int, age: float, level: str) -> None:
    found = queue.judge(backlog(workers, QueueDepth(jobs, age)))
    assert found.level == level
    assert bool(found.advice) == (level != "ok")


def backlog(workers: int, interactive: QueueDepth, retry: int = 0) -> Backlog:
    queues = {"retry": QueueDepth(retry, 300 if retry else 0), "interactive": interactive}
    return Backlog(0, workers, queues)


def test_jobs_that_wait_for_the_photo_store_are_no_lack_of_workers() -> None:
    found = queue.judge(backlog(1, QueueDepth(0, 0), retry=7))
    assert found.level == "warning"
    assert "7 of those that wait do so for the photo store" in found.found
    assert "workers" not in str(found.advice)


def test_a_port_that_something_else_has_is_a_problem(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        threading.Thread(target=_refuse_one, args=[other], daemon=True).start()
        arguments = ["doctor", "--quick", "--json", "--port", port]
        answer = CliRunner().invoke(app, arguments, env={"CROPSHIELD_HOME": str(home)})
    assert answer.exit_code == 1
    report = json.loads(answer.stdout)
    assert not report["ok"]
    (found,) = [found for found in report["findings"] if found["subject"] == "port"]
    assert "Address already in use" in found["found"]


def _refuse_one(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"HTTP/1.0 400 no\r\n\r\n")


def test_the_report_is_a_line_each_and_exit_code_0_where_all_is_well(
    redis_url: str, home: Path
) -> None:
    environment = {"CROPSHIELD_HOME": str(home), "CROPSHIELD_REDIS_URL": redis_url}
    arguments = ["doctor", "--quick", "--port", str(free_port())]
    answer = CliRunner().invoke(app, arguments, env=environment)
    assert answer.exit_code == 0
    for subject in ("folder", "redis", "queue", "model", "gpu", "port"):
        assert any(line.split()[1] == subject for line in answer.stdout.splitlines()), subject
