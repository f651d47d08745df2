"""The file of an outbox: photos that are on their way, in SQLite.

Every method is one transaction on a connection of its own, so that threads and processes may share
the file, and one that is killed leaves nothing half done. Flushed to the disk before it returns.
"""

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cropshield_client.errors import AccessDenied, OutboxFailed, OutboxFull, ProblemError
from cropshield_client.models import Job
from cropshield_client.parsing import parse

WAITING, SENT, ANSWERED, FAILED = STATES = "waiting", "sent", "answered", "failed"
_BUSY_SECONDS = 60  # that another process may hold the file
_LAYOUT = 1  # of the file
_TABLE = """CREATE TABLE photos (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    added_at TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    options TEXT NOT NULL,
    reason TEXT,
    job TEXT,
    photo BLOB
)"""
_ITEM = "id, state, added_at, options, ifnull(length(photo), 0), reason, job"


@dataclass(frozen=True)
class OutboxItem:
    """A photo of an outbox. `id` is that of its job.

    `state`: `waiting` to be sent; `sent`: the server has it; `answered`: `job` has the result;
    `failed`: the server refused it, or its job has no result. `reason`: why it failed or, of one
    that waits, what stopped it last. `size`: bytes of the photo that are kept, 0 once answered.
    """

    id: str
    state: str
    added_at: datetime
    options: dict[str, Any]
    size: int
    reason: str | None = None
    job: Job | None = None


class OutboxFile:
    """The photos of an outbox; those that are kept have at most `max_bytes` together.

    Every method raises OutboxFailed for a file that cannot be used, OutboxFull for a full disk.
    """

    def __init__(self, path: str | Path, max_bytes: int) -> None:
        self.path, self.max_bytes = Path(path), max_bytes
        with self._transaction() as file:
            (layout,) = file.execute("PRAGMA user_version").fetchone()
            tables = file.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            if layout == 0 and not tables:
                file.execute(_TABLE)
                file.execute(f"PRAGMA user_version = {_LAYOUT}")
            elif layout != _LAYOUT:
                message = f"{self.path} is no outbox of layout {_LAYOUT}, but a file of another"
                raise OutboxFailed(f"{message} program or version (layout {layout})")

    def add(self, photo: bytes, options: dict[str, Any], item_id: str | None = None) -> OutboxItem:
        """Keep a photo. With an id that is there already, nothing is added.

        Raises OutboxFull; ValueError for an id that is no UUID, or is another photo's.
        """
        chosen = _uuid(item_id) if item_id else str(uuid.uuid4())
        options = {name: value for name, value in options.items() if value is not None}
        added = (chosen, WAITING, datetime.now(UTC).isoformat(), *_content(photo, options), photo)
        with self._transaction() as file:
            row = file.execute("SELECT sha256, options FROM photos WHERE id = ?", (chosen,))
            if known := row.fetchone():
                if known != added[3:5]:
                    raise ValueError(f"id {chosen} is that of another photo or of other options")
            else:
                self._check_room(file, len(photo))
                columns = "id, state, added_at, sha256, options, photo"
                file.execute(f"INSERT INTO photos ({columns}) VALUES (?, ?, ?, ?, ?, ?)", added)  # noqa: S608
            return _find(file, chosen)

    def _check_room(self, file: sqlite3.Connection, size: int) -> None:
        (used,) = file.execute("SELECT ifnull(sum(length(photo)), 0) FROM photos").fetchone()
        if used + size > self.max_bytes:
            raise OutboxFull(
                f"{self.path} keeps {used:,} bytes of photos, this one has {size:,}, and the limit "
                f"is {self.max_bytes:,}; send or remove some first"
            )

    def items(self, state: str | None = None) -> list[OutboxItem]:
        """The oldest first, of one state or all. Raises ValueError for an unknown state."""
        if state not in (None, *STATES):
            raise ValueError(f"state {state!r} is none of {', '.join(STATES)}")
        query = f"SELECT {_ITEM} FROM photos WHERE state = ifnull(?, state) ORDER BY number"  # noqa: S608
        with self._transaction() as file:
            return [_item(row) for row in file.execute(query, (state,))]

    def photo(self, item_id: str) -> bytes | None:
        """The photo of an item; None once it is answered. Raises LookupError."""
        with self._transaction() as file:
            row = file.execute("SELECT photo FROM photos WHERE id = ?", (item_id,)).fetchone()
        if row is None:
            raise LookupError(f"there is no photo {item_id}")
        return row[0]  # type: ignore[no-any-return]

    def unsent_photo(self, item_id: str) -> bytes | None:
        """None where it does not wait any more: others may send and remove photos too."""
        query = "SELECT photo FROM photos WHERE id = ? AND state = 'waiting'"
        with self._transaction() as file:
            row = file.execute(query, (item_id,)).fetchone()
        return row and row[0]  # type: ignore[no-any-return]

    def record(self, item_id: str, job: Job) -> str:
        """Note what the server tells of the job; the state. A photo with a result is erased."""
        state = (ANSWERED if job.succeeded else FAILED) if job.is_done else SENT
        reason = (job.error.detail if job.error else job.state) if state == FAILED else None
        values = {"id": item_id, "state": state, "reason": reason, "job": json.dumps(job.raw)}
        with self._transaction() as file:
            file.execute(
                "UPDATE photos SET state = :state, reason = :reason, job = :job, "
                "photo = CASE WHEN :state = 'answered' THEN NULL ELSE photo END "
                "WHERE id = :id AND state IN ('waiting', 'sent')",
                values,
            )
        return state

    def note(self, item_id: str, error: Exception, *, failed: bool) -> None:
        """Why a photo has not been sent, or answered."""
        with self._transaction() as file:
            file.execute(
                "UPDATE photos SET reason = ?, state = CASE WHEN ? THEN 'failed' ELSE state END "
                "WHERE id = ? AND state IN ('waiting', 'sent')",
                (str(error), failed, item_id),
            )

    def retry(self, item_id: str, options: dict[str, Any]) -> OutboxItem:
        """Have a failed photo wait again, for a job of its own under a new id.

        `options`, if any, replace those that it had. Raises LookupError; ValueError for one that
        has not failed.
        """
        with self._transaction() as file:
            item = _find(file, item_id)
            if item.state != FAILED:
                raise ValueError(
                    f"photo {item_id} is {item.state}; only failed ones can be retried"
                )
            new_id, chosen = str(uuid.uuid4()), json.dumps(options or item.options, sort_keys=True)
            file.execute(
                "UPDATE photos SET id = ?, options = ?, state = 'waiting', reason = NULL, "
                "job = NULL WHERE id = ?",
                (new_id, chosen, item_id),
            )
            return _find(file, new_id)

    def remove(self, item_id: str) -> None:
        """Forget a photo, whatever its state. Raises LookupError."""
        with self._transaction() as file:
            _find(file, item_id)
            file.execute("DELETE FROM photos WHERE id = ?", (item_id,))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, _BUSY_SECONDS, isolation_level=None)) as file:
                file.execute("PRAGMA auto_vacuum = FULL")  # what is removed leaves the disk
                file.execute("PRAGMA synchronous = EXTRA")
                file.execute("BEGIN IMMEDIATE")
                with file:
                    yield file
        except sqlite3.Error as error:
            full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            raise (OutboxFull if full else OutboxFailed)(f"{self.path}: {error}") from error


def is_refusal(error: ProblemError) -> bool:
    """Whether this one photo is refused for good, and others may pass; not by a wrong key or
    address. A proxy refuses photos by their size alone."""
    if error.type == "about:blank":
        return error.status == 413
    of_all = isinstance(error, AccessDenied) or error.status == 421
    return not (of_all or error.retryable or error.status >= 500)


def _find(file: sqlite3.Connection, item_id: str) -> OutboxItem:
    row = file.execute(f"SELECT {_ITEM} FROM photos WHERE id = ?", (item_id,)).fetchone()  # noqa: S608
    if row is None:
        raise LookupError(f"there is no photo {item_id}")
    return _item(row)


def _item(row: tuple[Any, ...]) -> OutboxItem:
    item_id, state, added_at, options, size, reason, job = row
    found = parse(Job, json.loads(job)) if job else None
    when = datetime.fromisoformat(added_at)
    return OutboxItem(item_id, state, when, json.loads(options), size, reason, found)


def _content(photo: bytes, options: dict[str, Any]) -> tuple[str, str]:
    return hashlib.sha256(photo).hexdigest(), json.dumps(options, sort_keys=True)


def _uuid(given: str) -> str:
    try:
        return str(uuid.UUID(given))
    except ValueError as error:
        raise ValueError(f"id {given!r} is no UUID") from error
