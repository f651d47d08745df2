"""`cropshield serve`: together up, together down, and a sentence when it cannot be."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from shutil import copyfile

import httpx2
import psutil
import pytest

from models.catalog import CARDS
from tests.service.conftest import children_of, free_port, until

pytestmark = pytest.mark.service
SERVE = [sys.executable, "-m", "cli", "serve"]


def environment(home: Path, **changes: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("CROPSHIELD_")}
    kept.pop("REDIS_URL", None)
    return kept | {"CROPSHIELD_HOME": str(home)} | changes


def refused(home: Path, *arguments: str, **changes: str) -> str:
    """What `serve` says when it does not start."""
    done = subprocess.run(
        [*SERVE, "--port", str(free_port()), *arguments],
        env=environment(home, **changes),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    sentence = done.stderr.strip().splitlines()[-1]
    assert sentence.startswith("cropshield: ")
    assert "Traceback" not in done.stderr
    return sentence


def test_it_serves_restarts_what_dies_and_leaves_nothing_behind(
    home: Path, tmp_path: Path, leaf_jpeg: bytes
) -> None:
    port, log = free_port(), tmp_path / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*SERVE, "--port", str(port)], env=environment(home), stdout=out, stderr=out
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
        assert server.wait(60) == 0
        assert not [process for process in family if process.is_running()]
    finally:
        server.kill()
        server.wait()


def test_a_killed_supervisor_takes_its_children_with_it(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [*SERVE, "--port", str(free_port())], env=environment(home), stdout=out, stderr=out
        )
    until(lambda: "ready." in log.read_text(), f"ready, see {log}")
    family = psutil.Process(server.pid).children(recursive=True)
    server.kill()
    server.wait()
    gone, alive = psutil.wait_procs(family, timeout=60)
    assert gone
    assert not alive


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
    copyfile(CARDS.parent / "class_to_idx.json", tmp_path / "class_to_idx.json")
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


def test_a_redis_url_that_does_not_answer_is_one_sentence(home: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    assert f"Redis at {url} does not answer" in refused(home, REDIS_URL=url)
