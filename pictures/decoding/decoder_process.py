"""Decodes photos for another process, which bounds what each of them may cost.

    python -m pictures.decoding.decoder_process DESCRIPTOR

The descriptor is one end of a socket, whose other end `decoder_pool.py` holds. A process that is
led astray by a photo dies of its limits and harms nobody: it has no connections, keys or models.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from pictures.decoding.decode import Photo, decode_from
from pictures.decoding.header import read_header
from pictures.errors import PhotoError, TooComplex

SLACK = 96 << 20  # bytes for what is converted at once, and for all that a library holds anyway
READY = b"ready"
_NICENESS = 5  # the model, and who asks for results, come first
_UNBOUNDED = resource.RLIM_INFINITY


def serve(connection: Connection) -> None:
    """Answer one request after the other, until the other end closes.

    A request is limits and arguments, in JSON, and the file; an answer is a document in JSON and,
    for a photo, its pixels. Nothing is ever unpickled.
    """
    connection.send_bytes(READY)
    while True:
        try:
            asked, data = json.loads(connection.recv_bytes()), connection.recv_bytes()
        except EOFError:
            return
        _answer(connection, asked, data)


def _answer(connection: Connection, asked: dict[str, Any], data: bytes) -> None:
    memory, seconds = asked.pop("memory"), asked.pop("seconds")
    try:
        with limits(memory + SLACK + 3 * len(data), seconds):
            header = read_header(data, asked.pop("max_pixels"))
            photo = decode_from(header, data, **asked)
    except PhotoError as error:
        _send(connection, {"error": type(error).__name__, "detail": str(error)})
    else:
        _send(connection, _described(photo))
        connection.send_bytes(np.ascontiguousarray(photo.pixels).data.cast("B"))


def _described(photo: Photo) -> dict[str, Any]:
    size = {"width": photo.width, "height": photo.height, "format": photo.format}
    return size | {"shape": photo.pixels.shape}


def _send(connection: Connection, document: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(document).encode())


@contextmanager
def limits(memory: int, seconds: int) -> Iterator[None]:
    """Within this context the process may take so many bytes more than now, and so many seconds of
    processor time.

    Raises TooComplex for memory; beyond the seconds the system ends the process with SIGXCPU.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    total = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (total, _UNBOUNDED))
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + memory, _UNBOUNDED))
    try:
        yield
    except MemoryError as error:
        raise TooComplex.took(f"{memory >> 20:,} MB of memory") from error
    finally:
        for kind in (resource.RLIMIT_AS, resource.RLIMIT_CPU):
            resource.setrlimit(kind, (_UNBOUNDED, _UNBOUNDED))


def _address_space() -> int:
    """Bytes of this process; where the system does not say, more than it can have."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 1 << 40
    return pages * resource.getpagesize()


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the process that asks
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICENESS)
    serve(Connection(int(sys.argv[1])))
