"""Outcomes of checks, kept on disk: what was found out about a model is not found out anew at every
start."""

import hashlib
import json
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path

log = logging.getLogger(__name__)


def kept_outcome(folder: Path | None, subject: str, check: Callable[[], str]) -> str:
    """What `check` says of `subject`: kept in `folder`, until this package's code changes, or found
    out now. Without a folder nothing is kept; one that cannot be written to is logged, no error."""
    if folder is None:
        return check()
    file = folder / f"check-{hashlib.sha256((subject + _code()).encode()).hexdigest()[:32]}.json"
    try:
        return str(json.loads(file.read_text()))
    except (OSError, ValueError):  # there is none, or half of one
        outcome = check()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(outcome))
    except OSError as error:
        log.info("check of %s is not kept: %s", subject, error)
    return outcome


@cache
def _code() -> str:
    """A digest of the runtimes' source."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
