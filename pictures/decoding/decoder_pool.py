"""Photos decoded within bounds: beside the caller where their header bounds the cost, else in
processes that can be stopped."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Condition
from typing import Any, Self

import numpy as np

from pictures.decoding.decode import Photo, decode_from
from pictures.decoding.decoder_process import READY
from pictures.decoding.header import MAX_PIXELS, read_header
from pictures.errors import PhotoError, TooComplex, UndecodablePhoto, restored
from pictures.formats.base import MB

MEMORY = 600 * MB  # the most that decoding a photo may take, and all of them together
IN_PLACE = 48 * MB  # what takes more is decoded in a process of its own
CPU_SECONDS = 5  # of processor time
WALL_SECONDS = 60.0  # seconds on the clock, of a machine that has other things to do
_START_SECONDS = 60.0  # seconds
_ANSWER = 256 * MB  # bytes of pixels
_INHERITED = ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR")
_ALLOCATOR = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "1048576"}
"""Settings of glibc: threads reserve no room of their own, and what a photo took goes back when
freed."""


class NoDecoder(Exception):
    """No process can be started to decode with: nothing is wrong with the photo."""


class DecoderPool:
    """Decodes as `pictures.decoding.decode` does, from any number of threads.

    What a photo may take is told by its header and reserved before; one that would not fit waits
    until others have ended. Where a header cannot bound the time, or the memory is much, a process
    of its own decodes, which has `seconds` of processor time and that memory. What needs more ends
    in TooComplex.
    """

    def __init__(
        self, processes: int = 2, memory: int = MEMORY, seconds: int = CPU_SECONDS
    ) -> None:
        self._memory, self._seconds, self._reserve = memory, seconds, _Reserve(memory)
        self._processes: SimpleQueue[_Process | None] = SimpleQueue()
        self._count = processes
        for _ in range(processes):
            self._processes.put(None)  # started when it is needed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def decode(
        self, data: bytes, *, min_side: int, min_long_side: int = 0, max_pixels: int = MAX_PIXELS
    ) -> Photo:
        """Raises PhotoError, or NoDecoder."""
        header = read_header(data, max_pixels)
        memory = min(header.memory, self._memory)
        with self._reserve.of(memory):
            if header.is_bounded and header.memory <= IN_PLACE:
                with suppress(MemoryError):  # the photo's fault if it happens apart, too
                    return decode_from(header, data, min_side, min_long_side)
            sides = {"min_side": min_side, "min_long_side": min_long_side}
            limits = {"memory": memory, "seconds": self._seconds, "max_pixels": max_pixels}
            return self._apart(data, sides | limits)

    def close(self) -> None:
        """End the processes, once what they do is done."""
        for _ in range(self._count):
            if process := self._processes.get():
                process.stop()
        for _ in range(self._count):
            self._processes.put(None)

    def _apart(self, data: bytes, asked: dict[str, Any]) -> Photo:
        process = self._processes.get()
        try:
            process = process or _Process()
            return process.decode(data, asked)
        finally:
            self._processes.put(process if process and process.is_alive else None)


class _Reserve:
    """An amount that is shared: who wants a part of it waits until it is there."""

    def __init__(self, amount: int) -> None:
        self._left, self._changed = amount, Condition()

    @contextmanager
    def of(self, amount: int) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: self._left >= amount)
            self._left -= amount
        try:
            yield
        finally:
            with self._changed:
                self._left += amount
                self._changed.notify_all()


class _Process:
    """One that decodes, with nothing of this process but a socket. Raises NoDecoder if it does not
    start."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = _started(theirs.fileno())
            self._connection = Connection(ours.detach())
        if not self._connection.poll(_START_SECONDS) or not self._is_ready():
            raise NoDecoder(f"the process that decodes ended with {self.stop()}")

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def decode(self, data: bytes, asked: dict[str, Any]) -> Photo:
        try:
            return self._decode(data, asked)
        except (OSError, EOFError, ValueError) as error:
            raise _cause_of_death(self.stop(), asked["seconds"]) from error

    def stop(self) -> int:
        """End it; the exit status, negative for a signal."""
        self._connection.close()
        try:
            return self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _is_ready(self) -> bool:
        try:
            return self._received(len(READY)) == READY
        except (EOFError, OSError):
            return False

    def _decode(self, data: bytes, asked: dict[str, Any]) -> Photo:
        self._connection.send_bytes(json.dumps(asked).encode())
        self._connection.send_bytes(data)
        if not self._connection.poll(WALL_SECONDS):
            self._process.kill()
            self.stop()  # until it is gone it would be taken for alive
            raise TooComplex.took(f"{WALL_SECONDS:.0f} s")
        answer = json.loads(self._received(64 * 1024))
        if "error" in answer:
            raise restored(answer["error"], answer["detail"])
        shape = answer.pop("shape")
        pixels = np.frombuffer(self._received(_ANSWER), np.uint8).reshape(shape)
        return Photo(pixels, **answer)

    def _received(self, most: int) -> bytes:
        return self._connection.recv_bytes(most)


def _started(descriptor: int) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-P", "-m", "pictures.decoding.decoder_process", str(descriptor)]
    how: dict[str, Any] = {"pass_fds": [descriptor], "stdin": subprocess.DEVNULL}
    try:
        return subprocess.Popen(program, env=_environment(), **how)  # noqa: S603 - ourselves
    except OSError as error:
        raise NoDecoder(f"no process can be started: {error}") from error


def _environment() -> dict[str, str]:
    """The environment of a decoder process: where its modules are; no keys, no addresses."""
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | _ALLOCATOR


def _cause_of_death(status: int, seconds: int) -> PhotoError:
    if status == -signal.SIGXCPU:
        return TooComplex.took(f"{seconds} s of processor time")
    if status == -signal.SIGKILL:  # by the kernel, when no memory is left
        return TooComplex.took("the memory of this machine")
    return UndecodablePhoto(f"its decoder ended with {status}")
