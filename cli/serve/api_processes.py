"""Several API processes on one port: they share the socket, the system deals connections out."""

import asyncio
import signal
import socket
import sys

from cli.errors import CommandError
from cli.serve.supervisor import Child, Supervisor

_GRACE = 15.0
_BACKLOG = 2048


def serve_in_processes(count: int, host: str, port: int) -> None:
    """Run until SIGINT or SIGTERM; one that dies is started again. What they are started with must
    have been checked. Raises CommandError when the address cannot be listened on."""
    with _listening(host, port) as listener:
        asyncio.run(_run(count, host, port, listener.fileno()))


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise CommandError(f"cannot listen on {host}:{port}: {error.strerror}") from error


async def _run(count: int, host: str, port: int, descriptor: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    address = ["--host", host, "--port", str(port), "--socket", str(descriptor)]
    command = [sys.executable, "-m", "cli", "api", *address]
    names = [f"api {number}" for number in range(1, count + 1)]
    children = [Child(name, command, {}, keeps=(descriptor,)) for name in names]
    supervisor = Supervisor(_say)
    try:
        for child in children:
            await supervisor.add(child)
        supervisor.settle()
        await stop.wait()
    finally:
        supervisor.release()
        await asyncio.gather(*(child.stop(_GRACE) for child in children))


def _say(line: str) -> None:
    sys.stderr.write(f"cropshield: {line}\n")
