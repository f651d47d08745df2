"""`cropshield serve`: together up, together down, and a sentence when it cannot be."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile

import httpx2
import psutil
import pytest
from redis import Redis

from cli.serve import private_redis
from models.catalog import CARDS
from tests.conftest import started_redis
from tests.service.conftest import START_SECONDS, children_of, free_port, until

pytestmark = pytest.mark.service
SERVE = [sys.executable, "-m", "cli", "serve"]


def environment(home: Path, **changes: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CROPSHIELD_")}
    kept.pop("REDIS_URL", None)
    return kept | {"CROPSHIELD_HOME": str(home)} | changes


@contextmanager
def serving(
    home: Path, log: Path, *before: str, more: Sequence[str] = (), **changes: str
) -> "Iterator[subprocess.Popen[bytes]]":
    """A running `serve`, stopped in the end; `before` and `more` are words of its command line."""
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*before, *SERVE, "--port", str(free_port()), *more],
            env=environment(home, **changes),
            stdout=out,
            stderr=out,
        )
    try:
        yield server
    finally:
        server.terminate()
        server.wait(START_SECONDS)


def until_said(log: Path, words: str) -> None:
    until(lambda: words in log.read_text(), f"{words}, see {log}")


def refusal(home: Path, *arguments: str, **changes: str) -> str:
    """All that `serve` says when it does not start."""
    done = subprocess.run(
        [*SERVE, "--port", str(free_port()), *arguments],
        env=environment(home, **changes),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def refused(home: Path, *arguments: str, **changes: str) -> str:
    """The one sentence that `serve` ends with when it does not start."""
    sentence = refusal(home, *arguments, **changes).strip().splitlines()[-1]
    assert sentence.startswith("cropshield: ")
    return sentence


def test_serve_restarts_what_dies_and_leaves_nothing_behind(
    home: Path, tmp_path: Path, leaf_jpeg: bytes
) -> None:
    port, log = free_port(), tmp_path / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*SERVE, "--port", str(port), "--workers", "1"],
            env=environment(home),
            stdout=out,
            stderr=out,
        )
    try:
        until(lambda: "ready." in log.read_text(), f"ready, see {log}")
        children = children_of(server)
        assert set(children) == {"redis-server", "worker", "api"}
        children["worker"].kill()
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            path = http.post("/v1/jobs", content=leaf_jpeg).headers["Location"]
            until(lambda: http.get(path).json()["state"] == "succeeded", "a new worker works")
        assert "worker died (signal SIGKILL)" in log.read_text()
        family = psutil.Process(server.pid).children(recursive=True)
        server.send_signal(signal.SIGINT)
        assert server.wait(START_SECONDS) == 0
        _, alive = psutil.wait_procs(family, timeout=60)
        assert not alive
    finally:
        server.kill()
        server.wait()


def test_a_killed_supervisor_takes_its_children_with_it_and_can_be_started_again_at_once(
    home: Path, tmp_path: Path
) -> None:
    with serving(home, tmp_path / "first") as server:
        until_said(tmp_path / "first", "ready.")
        family = psutil.Process(server.pid).children(recursive=True)
        server.kill()
        server.wait()
        with serving(home, tmp_path / "second"):
            until_said(tmp_path / "second", "ready.")
    gone, alive = psutil.wait_procs(family, timeout=60)
    assert gone
    assert not alive


def test_under_nohup_serve_outlives_its_terminal(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(home, log, "nohup") as server:
        until_said(log, "ready.")
        family = psutil.Process(server.pid).children(recursive=True)
        for process in (psutil.Process(server.pid), *family):
            process.send_signal(signal.SIGHUP)
        assert "another server already runs" in refused(home)
        assert all(process.is_running() for process in family)
        assert "stopping" not in log.read_text()
        assert "died" not in log.read_text()


def test_a_busy_port_is_one_sentence(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"127.0.0.1:{port}: Address already in use" in refused(home, "--port", port)


def test_missing_or_foreign_weights_are_one_sentence(home: Path, tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    cards.mkdir()
    assert "no model card" in refused(home, CROPSHIELD_CARDS=str(cards))
    bundled = (CARDS / "cropshield_cnn.toml").read_text("utf-8")
    (cards / "cropshield_cnn.toml").write_text(bundled, "utf-8")
    assert "class_to_idx.json" in refused(home, CROPSHIELD_CARDS=str(cards))
    for name in ("class_to_idx.json", "class_descriptions.toml"):
        copyfile(CARDS.parent / name, tmp_path / name)
    assert "cropshield_cnn.pth is missing" in refused(home, CROPSHIELD_CARDS=str(cards))
    (tmp_path / "cropshield_cnn.pth").write_bytes(b"other")
    assert "sha256" in refused(home, CROPSHIELD_CARDS=str(cards))


def test_a_state_folder_that_cannot_be_written_is_one_sentence(home: Path) -> None:
    home.write_text("a file where the folder should be")
    assert "cannot write to the state folder" in refused(home)


def test_two_servers_never_share_a_state_folder(home: Path) -> None:
    import fcntl

    home.mkdir()
    with (home / "serve.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another server already runs" in refused(home)


def test_a_damaged_journal_is_told_with_the_words_of_redis(home: Path) -> None:
    (home / "redis").mkdir(parents=True)
    (home / "redis" / "appendonly.aof").write_bytes(b"*2\r\n$3\r\nSETnonsense" * 9)
    said = refusal(home)
    assert "cropshield: redis stopped with exit code 1; the end of " in said
    assert "Bad file format reading the append only file" in said


def test_a_journal_that_was_cut_off_is_told_and_served(home: Path, tmp_path: Path) -> None:
    with started_redis(home) as url, Redis.from_url(url) as client:
        client.set("before", 1)
        client.set("last", 2)
    (journal,) = (
        file for file in (home / "redis").rglob("appendonly*.aof") if b"last" in file.read_bytes()
    )
    with journal.open("ab") as file:
        file.truncate(journal.stat().st_size - 4)
    with serving(home, tmp_path / "log"):
        until_said(tmp_path / "log", "cut off")
        with Redis.from_url(f"unix://{private_redis.known_socket(home)}") as client:
            assert client.mget("before", "last") == [b"1", None]


def test_a_redis_url_that_does_not_answer_is_one_sentence(home: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    assert f"Redis at {url} does not answer" in refused(home, REDIS_URL=url)
