"""The bar on stderr, on a terminal and elsewhere."""

import os
import re
import subprocess
import sys

import pytest

from cli.progress import progress

SCRIPT = """
from cli.progress import progress
with progress("looking", 3) as advance:
    for _ in range(3):
        advance()
"""


def test_without_a_terminal_nothing_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with progress("looking", 2) as advance:
        advance()
    assert capfd.readouterr() == ("", "")


def on_a_terminal(**environment: str) -> str:
    """What the script writes to a terminal's stderr; its stdout is a pipe and stays empty."""
    ours, theirs = os.openpty()
    env = os.environ | {"TERM": "xterm-256color"} | environment
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], stderr=theirs, stdout=subprocess.PIPE, env=env, check=True
    )
    os.close(theirs)
    assert done.stdout == b""
    told = os.read(ours, 100_000).decode()
    os.close(ours)
    return told


def test_a_terminal_gets_a_bar_and_no_color_takes_the_colours_away() -> None:
    coloured = re.compile(r"\x1b\[[0-9;]*m")
    bar = on_a_terminal(NO_COLOR="")
    assert "looking" in bar
    assert "3/3" in bar
    assert coloured.search(bar)
    plain = on_a_terminal(NO_COLOR="1")
    assert "3/3" in plain
    assert not coloured.search(plain)
