"""The requests of the API as data: what to send, whoever sends it."""

import json
import re
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, quote

import httpx2

from cropshield_client.download import Download, Progress

Photo = bytes | str | Path | BinaryIO
_CHUNK = 64 * 1024
_PRINTABLE = re.compile(r"[ -~]*")  # of ASCII
MAX_WAIT = 25  # seconds that a server holds a long-poll


@dataclass(frozen=True)
class Request:
    """`progress` is called with the bytes sent so far and the bytes in all.

    `server_wait`: seconds that the server may take before it answers. `to`: the file that the body
    of a success is written to, as it comes.
    """

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    files: list[tuple[str, tuple[str, bytes]]] | None = None
    progress: Progress | None = None
    server_wait: float = 0.0
    to: Download | None = None

    def iter_body(self) -> Iterator[bytes]:
        """The body in chunks; reports progress."""
        body = self.body or b""
        for start in range(0, len(body), _CHUNK):
            chunk = body[start : start + _CHUNK]
            yield chunk
            if self.progress:
                self.progress(start + len(chunk), len(body))

    async def aiter_body(self) -> AsyncIterator[bytes]:
        for chunk in self.iter_body():
            yield chunk


def common_headers(api_key: str | None, language: str | None) -> dict[str, str]:
    """Of every request of a client. Raises ValueError for what no header can have in it."""
    if not _PRINTABLE.fullmatch(language or ""):
        raise ValueError(f"language={language!r}: a language tag is needed, such as 'es'")
    if not _PRINTABLE.fullmatch(api_key or ""):
        raise ValueError("api_key: characters that are not in an API key")
    headers = {"X-API-Key": api_key, "Accept-Language": language}
    return {name: value for name, value in headers.items() if value}


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


def read_photos(photos: Iterable[Photo], shrink: int | None) -> list[tuple[str, bytes]]:
    """The photos of a batch as (file name, bytes); photos without a name are numbered."""
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
) -> Request:
    """PUT under the client's own id, else POST with an idempotency key: both are safe to repeat."""
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(len(data))}
    if job_id is None:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    return Request(
        "PUT" if job_id else "POST",
        f"/v1/jobs/{job_id}" if job_id else "/v1/jobs",
        params=_without_none(options),
        headers=headers | _prefer(wait),
        body=data,
        progress=progress,
        server_wait=wait,
    )


def submit_batch(photos: list[tuple[str, bytes]], options: dict[str, Any]) -> Request:
    return Request(
        "POST",
        "/v1/batches",
        params=_without_none(options),
        headers={"Idempotency-Key": str(uuid.uuid4())},
        files=[("images", photo) for photo in photos],
    )


def get(path: str, wait: float = 0, **params: Any) -> Request:
    return Request(
        "GET", path, params=_without_none(params), headers=_prefer(wait), server_wait=wait
    )


def class_description(class_name: str, model: str | None) -> Request:
    return get(f"/v1/classes/{quote(class_name, safe='')}", model=model)


def follow(link: str) -> Request:
    """The GET of a link that the server gave."""
    path, _, query = link.partition("?")
    return Request("GET", path, params=dict(parse_qsl(query)))


def download(link: str, to: Download) -> Request:
    """As it is, since a part of what is compressed is not that part of the file."""
    return Request("GET", link, headers={"Accept-Encoding": "identity"}, to=to)


def is_file(response: httpx2.Response) -> bool:
    """Whether it is one, and no page of a network that wants a login."""
    kind = response.headers.get("content-type", "")
    return response.is_success and kind.startswith("application/octet-stream")


def delete(path: str) -> Request:
    return Request("DELETE", path)


def feedback(job_id: str, document: dict[str, Any]) -> Request:
    body = json.dumps(_without_none(document)).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return Request("POST", f"/v1/jobs/{job_id}/feedback", headers=headers, body=body)


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _prefer(wait: float) -> dict[str, str]:
    return {"Prefer": f"wait={round(wait)}"} if wait >= 1 else {}
