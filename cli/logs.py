"""Log lines: one for each event, as JSON for machines or as text for people."""

import json
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from jobs.masking import masked
from jobs.settings import LogFormat

_STANDARD = {*vars(logging.makeLogRecord({})), "asctime", "message", "taskName"}
_FOR_TERMINALS = "color_message"  # uvicorn's, with escape codes
_TALKATIVE = ("celery", "kombu", "amqp")
Context = Mapping[str, Callable[[], str | None]]


class JsonFormatter(logging.Formatter):
    """One line of JSON: time, level, logger, message, whatever was given as `extra`, exception."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= _extra(record)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return masked(json.dumps(entry, ensure_ascii=False, default=str))


class TextFormatter(logging.Formatter):
    """The same for people: `12:00:00 INFO api.middleware.access_log: … job_id=…`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        facts = [f" {name}={value}" for name, value in _extra(record).items()]
        return super().formatMessage(record) + "".join(facts)


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    given = vars(record).items()
    return {
        name: value for name, value in given if name not in _STANDARD and name != _FOR_TERMINALS
    }


def configure(form: LogFormat, context: Context | None = None) -> None:
    """Send all logs of the process to stderr. `context` returns more fields for every line."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if _is_json(form) else TextFormatter())
    handler.addFilter(_adding(context or {}))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    threading.excepthook = _log_thread
    _leave_out_what_no_line_tells()


def keep_celery_out() -> None:
    """Keep Celery from configuring logging, which it does unless somebody else has."""
    from celery import signals

    signals.setup_logging.connect(_is_done, weak=False)


def _leave_out_what_no_line_tells() -> None:
    """Do not look up where a line was written and by whom: that takes a third of its time (Logging
    HOWTO, "Optimization")."""
    logging._srcfile = None  # the switch that the documentation names
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def _is_done(**_: Any) -> None:
    pass


def _is_json(form: LogFormat) -> bool:
    return form == "json" or (form == "auto" and not sys.stderr.isatty())


def _adding(context: Context) -> Callable[[logging.LogRecord], bool]:
    def add(record: logging.LogRecord) -> bool:
        for name, ask in context.items():
            if (value := ask()) is not None:
                setattr(record, name, value)
        return True

    return add


def _log_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        name = failed.thread.name if failed.thread else "unknown"
        logging.getLogger(__name__).error("thread %s died", name, exc_info=failed.exc_value)
