"""Requests as data: what to send, whoever sends it."""

import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

Photo = bytes | str | Path | BinaryIO
Progress = Callable[[int, int], None]
_CHUNK = 64 * 1024
LONGEST_WAIT = 25  # seconds that a server holds a long-poll


@dataclass(frozen=True)
class Call:
    """A request. `progress` is told bytes sent and bytes in all."""

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    files: list[tuple[str, tuple[str, bytes]]] | None = None
    progress: Progress | None = None
    hold: float = 0.0  # seconds that the server may take before it answers

    def chunks(self) -> Iterator[bytes]:
        """The body in parts, telling how far it is."""
        body = self.body or b""
        for start in range(0, len(body), _CHUNK):
            part = body[start : start + _CHUNK]
            yield part
            if self.progress:
                self.progress(start + len(part), len(body))

    async def chunks_async(self) -> AsyncIterator[bytes]:
        for part in self.chunks():
            yield part


def read_photo(photo: Photo, shrink: int | None) -> bytes:
    """The bytes of a photo; with `shrink`, its long side has at most so many pixels."""
    if isinstance(photo, str | Path):
        data = Path(photo).read_bytes()
    else:
        data = photo if isinstance(photo, bytes) else photo.read()
    if shrink is None:
        return data
    from cropshield_client.shrink import shrunk

    return shrunk(data, shrink)


def named_all(photos: Iterable[Photo], shrink: int | None) -> list[tuple[str, bytes]]:
    """The photos of a batch with their file names; numbers where they have none."""
    return [
        (Path(it).name if isinstance(it, str | Path) else f"photo-{number}", read_photo(it, shrink))
        for number, it in enumerate(photos)
    ]


def submit(
    data: bytes,
    options: dict[str, Any],
    job_id: str | None = None,
    wait: float = 0,
    progress: Progress | None = None,
) -> Call:
    """With an id of the client's by PUT; else by POST with a key that makes it safe to repeat."""
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(len(data))}
    if job_id is None:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    return Call(
        "PUT" if job_id else "POST",
        f"/v1/jobs/{job_id}" if job_id else "/v1/jobs",
        params=_given(options),
        headers=headers | _prefer(wait),
        body=data,
        progress=progress,
        hold=wait,
    )


def batch(photos: list[tuple[str, bytes]], options: dict[str, Any]) -> Call:
    return Call(
        "POST",
        "/v1/batches",
        params=_given(options),
        headers={"Idempotency-Key": str(uuid.uuid4())},
        files=[("images", photo) for photo in photos],
    )


def get(path: str, wait: float = 0, **params: Any) -> Call:
    return Call("GET", path, params=_given(params), headers=_prefer(wait), hold=wait)


def delete(path: str) -> Call:
    return Call("DELETE", path)


def feedback(job_id: str, opinion: dict[str, Any]) -> Call:
    body = json.dumps(_given(opinion)).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return Call("POST", f"/v1/jobs/{job_id}/feedback", headers=headers, body=body)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _prefer(wait: float) -> dict[str, str]:
    return {"Prefer": f"wait={round(wait)}"} if wait >= 1 else {}
