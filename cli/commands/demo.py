"""`cropshield demo`: drawn leaves through a running server, and what came back side by side."""

import io
import json
import time
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

from PIL import Image

from cli.contact_sheet import Pair, contact_sheet
from cli.drawn_leaves import draw_labelled
from cli.errors import CommandError
from pictures.drawn_leaves.leaves import KINDS, draw_leaf

_PATIENCE_SECONDS = 120.0
_TIMEOUT_SECONDS = 40.0  # of one request; a long-poll takes 25 s


@dataclass(frozen=True)
class _Server:
    address: str
    api_key: str


@dataclass(frozen=True)
class _Sent:
    name: str
    photo: Image.Image
    job: dict[str, Any]


def run_demo(server: str, out: Path, count: int = 8, api_key: str = "") -> None:
    """Post `count` drawn leaves to `server`; write photos, overlays and `contact-sheet.jpg`,
    and a folder `leaves` with more of them, labelled.

    Raises CommandError when the server cannot be reached or a job does not succeed.
    """
    asked = _Server(server, api_key)
    try:
        out.mkdir(parents=True, exist_ok=True)
        sent = [_send(asked, number, out) for number in range(count)]
        pairs = [_receive(asked, one, out) for one in sent]
        sheet = out / "contact-sheet.jpg"
        contact_sheet(pairs).save(sheet, quality=90)
        draw_labelled(out / "leaves")
    except OSError as error:
        raise CommandError(f"cannot write to {out}: {error.strerror or error}") from error
    _say(f"{count} leaves explained; see {sheet}")


def _send(server: _Server, number: int, out: Path) -> _Sent:
    """Draw leaf `number` and submit it; the steps make every kind meet every outline."""
    kind = KINDS[number % len(KINDS)]
    leaf = draw_leaf(kind, seed=1 + number + number // len(KINDS))
    buffer = io.BytesIO()
    leaf.photo.save(buffer, "JPEG", quality=92)
    name = f"{number + 1:02}-{kind}"
    (out / f"{name}.jpg").write_bytes(buffer.getvalue())
    path = f"/v1/jobs?client_ref={quote(name)}"
    headers = {"Content-Type": "image/jpeg"}
    return _Sent(name, leaf.photo, _job(server, path, data=buffer.getvalue(), headers=headers))


def _receive(server: _Server, sent: _Sent, out: Path) -> Pair:
    job = _finished(server, sent.job)
    if job["state"] != "succeeded":
        reason = (job["error"] or {}).get("detail", "no reason given")
        raise CommandError(f"job {job['id']} ({sent.name}) ended as {job['state']}: {reason}")
    overlay = _ask(server, job["links"]["overlay"])
    (out / f"{sent.name}-overlay.jpg").write_bytes(overlay)
    best = job["result"]["predictions"][0]
    label = f"{best['class_name'].replace('__', ': ').replace('_', ' ')}, {best['confidence']:.0%}"
    _say(f"{sent.name}: {label} ({job['result']['verdict']})")
    with Image.open(io.BytesIO(overlay)) as image:
        return Pair(sent.photo, image.convert("RGB"), f"drawn {sent.name}", label)


def _finished(server: _Server, job: dict[str, Any]) -> dict[str, Any]:
    """The job in its last state, by long-polling."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while job["state"] in ("queued", "running"):
        if time.monotonic() > end:
            raise CommandError(
                f"job {job['id']} is still {job['state']} after {_PATIENCE_SECONDS:.0f} s; "
                "is a worker running?"
            )
        job = _job(server, job["links"]["self"], headers={"Prefer": "wait=25"})
    return job


def _job(
    server: _Server, path: str, *, data: bytes | None = None, headers: dict[str, str]
) -> dict[str, Any]:
    """The job of an answer. Raises CommandError also when the answer is something else."""
    try:
        job: dict[str, Any] = json.loads(_ask(server, path, data, headers))
        _ = job["state"], job["links"]["overlay"]
    except (ValueError, TypeError, KeyError) as error:
        raise CommandError(f"what answers at {server.address} is not CropShield") from error
    return job


def _ask(
    server: _Server, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
) -> bytes:
    """The body of an answer. Raises CommandError for a problem or no answer at all."""
    url = server.address.rstrip("/") + path
    headers = (headers or {}) | ({"X-API-Key": server.api_key} if server.api_key else {})
    try:
        request = urllib.request.Request(url, data, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
            body: bytes = answer.read()
            return body
    except HTTPError as error:
        with error:
            raise CommandError(f"{url}: {error.code} {_detail(error.read())}") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise CommandError(
            f"no server answers at {server.address} ({reason}); start one with `make serve`"
        ) from error


def _detail(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return "with an answer that is no problem document"


def _say(line: str) -> None:
    print(f"cropshield: {line}", flush=True)  # noqa: T201
