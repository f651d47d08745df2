"""Log lines."""

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from cli import logs

log = logging.getLogger("tests.logs")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, threading.excepthook
    yield
    root.handlers[:], threading.excepthook = handlers, hook
    root.setLevel(level)
    logging.captureWarnings(capture=False)


Capture = pytest.CaptureFixture[str]


def entries(capsys: Capture) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_one_line_of_json(capsys: Capture) -> None:
    logs.configure("json")
    log.info("job %s", "succeeded\nreally", extra={"job_id": "j1"})
    (entry,) = entries(capsys)
    assert entry.pop("time").endswith("+00:00")
    assert entry == {
        "level": "info",
        "logger": "tests.logs",
        "message": "job succeeded\nreally",
        "job_id": "j1",
    }


def test_an_exception_is_in_the_line(capsys: Capture) -> None:
    logs.configure("json")
    log.error("failed", exc_info=ValueError("no leaf"))
    (entry,) = entries(capsys)
    assert entry["exception"].endswith("ValueError: no leaf")


def test_the_context_is_asked_at_every_line(capsys: Capture) -> None:
    current = iter(["r1", None])
    logs.configure("json", {"request_id": lambda: next(current)})
    log.info("inside")
    log.info("outside")
    inside, outside = entries(capsys)
    assert inside["request_id"] == "r1"
    assert "request_id" not in outside


def test_text_ends_with_the_facts(capsys: Capture) -> None:
    logs.configure("text")
    log.warning("odd", extra={"job_id": "j1"})
    assert capsys.readouterr().err.endswith("WARNING tests.logs: odd job_id=j1\n")


def test_auto_is_json_where_nobody_looks(capsys: Capture) -> None:
    logs.configure("auto")
    log.info("hello")
    assert entries(capsys)[0]["message"] == "hello"


def test_a_thread_that_dies_is_a_line_too(capsys: Capture) -> None:
    logs.configure("json")

    def die() -> None:
        raise RuntimeError("by accident")

    thread = threading.Thread(target=die, name="t1")
    thread.start()
    thread.join()
    (entry,) = entries(capsys)
    assert entry["message"] == "thread t1 died"
    assert "by accident" in entry["exception"]


def test_uvicorns_colours_stay_out(capsys: Capture) -> None:
    logs.configure("json")
    logging.getLogger("uvicorn.error").info("up", extra={"color_message": "\x1b[1mup"})
    assert "color_message" not in entries(capsys)[0]
