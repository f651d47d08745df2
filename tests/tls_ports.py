"""A port that speaks TLS in front of a server that does not, and passes on what is plain.

The servers that wheels carry were built without TLS. Sentinels talk to Redis in plain here, clients
by TLS, at the same port.
"""

import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_HANDSHAKE = b"\x16"  # the first byte of every TLS connection


class TlsPort:
    """In front of `target`, a port of this machine. `met`: connections by TLS, and plain ones."""

    def __init__(self, target: int, context: ssl.SSLContext) -> None:
        self._target, self._context = target, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.met = {"tls": 0, "plain": 0}
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            kind = "tls" if client.recv(1, socket.MSG_PEEK) == _HANDSHAKE else "plain"
            self.met[kind] += 1
            if kind == "tls":
                client = self._context.wrap_socket(client, server_side=True)
            with client, socket.create_connection(("127.0.0.1", self._target)) as server:
                _exchange(client, server)


def _exchange(client: socket.socket, server: socket.socket) -> None:
    """Pass on what each sends until one ends. In one thread, since OpenSSL asks for that."""
    while True:
        has_more = isinstance(client, ssl.SSLSocket) and client.pending()
        ready = [client] if has_more else select.select([client, server], [], [])[0]
        for source in ready:
            data = source.recv(65_536)
            if not data:
                return
            (server if source is client else client).sendall(data)


@contextmanager
def tls_ports(targets: list[int], context: ssl.SSLContext) -> Iterator[list[TlsPort]]:
    ports = [TlsPort(target, context) for target in targets]
    try:
        yield ports
    finally:
        for port in ports:
            port.close()
