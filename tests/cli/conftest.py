"""The command as a user runs it."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.main import main


class Said(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Said]


@pytest.fixture
def cropshield(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs `cropshield …`, with all that it says kept."""
    monkeypatch.setenv("CROPSHIELD_RUNTIME", "torch")
    monkeypatch.chdir(tmp_path)

    def run(*words: object, stdin: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["cropshield", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return Said(int(left.value.code or 0), said.out, said.err)

    return run
