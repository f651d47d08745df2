"""A proxy that passes everything on, and may lose the answers to photos that are new."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2

_OF_ONE_HOP = {"connection", "transfer-encoding", "content-encoding", "content-length", "date"}


class LossyProxy(ThreadingHTTPServer):
    """In front of the server at `address`.

    `loses`: a photo, by its path or key, gets no answer the first time: it is lost on its way
    there or, if `forwards`, the answer is on its way back; with `keeps_losing`, the times after
    too. `lost` is set then. `holds`: the connection stays open until the sender is gone.
    """

    daemon_threads = True

    def __init__(self, address: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = httpx2.Client(base_url=address, timeout=60)
        self.loses, self.forwards, self.holds = True, True, False
        self.keeps_losing = False
        self.lost, self.known = threading.Event(), set[str]()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: LossyProxy

    def do_GET(self) -> None:
        self._pass_on()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - as http.server calls them

    def _pass_on(self) -> None:
        photo = self.headers.get("Idempotency-Key") or self.path
        loses = self.server.loses and self.command in {"PUT", "POST"}
        loses = loses and (self.server.keeps_losing or photo not in self.server.known)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not loses or self.server.forwards:
            try:
                answer = self.server.upstream.request(
                    self.command, self.path, content=body, headers=dict(self.headers)
                )
            except httpx2.TransportError:  # the server is down, and so is the link
                self.close_connection = True
                return
            self.server.known.add(photo)
        if loses:
            self._lose()
        else:
            self._answer(answer)

    def _lose(self) -> None:
        self.server.lost.set()
        if self.server.holds:
            self.connection.recv(1)
        self.close_connection = True

    def _answer(self, answer: httpx2.Response) -> None:
        self.send_response_only(answer.status_code)
        for name, value in answer.headers.multi_items():
            if name.lower() not in _OF_ONE_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else answer.content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def lossy_proxy(address: str) -> Iterator[LossyProxy]:
    with LossyProxy(address) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
            proxy.upstream.close()
