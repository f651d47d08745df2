"""The command as a user runs it."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner, Result

from cli.main import app, main
from models.cards.card import Card, read_card
from tests.browsers import WAIT_MS, chromium
from tests.engine.networks import network, save_model

LOOKS: list[dict[str, Any]] = [
    {},
    {"color_scheme": "dark"},
    {"viewport": {"width": 390, "height": 844}},
]


NAMES = {"Drawn__blight": 0, "Drawn__healthy": 1, "Drawn__rust": 2}


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
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(os.fsencode(stdin)), "utf-8"))
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return Said(int(left.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def cards(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Card]:
    """Two models of three classes, in the operator's folder."""
    monkeypatch.setenv("CROPSHIELD_HOME", str(home))
    (home / "models").mkdir(parents=True)
    return [made(home / "models", name, seed) for seed, name in enumerate(("one", "two"))]


def made(folder: Path, name: str, seed: int) -> Card:
    card = save_model(folder, network(classes=len(NAMES), seed=seed), len(NAMES), name)
    card.classes_path.write_text(json.dumps(NAMES))
    return read_card(card.path)


def run(*words: object) -> Result:
    """The same without a process of its own, for errors as they are raised."""
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture
def open_report() -> Iterator[Callable[..., Any]]:
    """Opens a report from disk in Chromium; whatever it asks for elsewhere fails the test."""
    asked: list[str] = []
    errors: list[str] = []
    with chromium() as browser:

        def open_page(report: Path, **look: Any) -> Any:
            page = browser.new_context(accept_downloads=True, **look).new_page()
            page.set_default_timeout(WAIT_MS)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.goto(report.as_uri())
            return page

        yield open_page
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []


def violations(page: Any) -> list[str]:
    """What axe finds against the accessibility of a page."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]
