"""Receive traces by OTLP/HTTP and print each as a tree: `python -m scripts.print_traces`.

What a collector and its viewer are for, in a terminal. A trace is printed when nothing more has
come of it for a while.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

QUIET_SECONDS = 7.0  # processes send every 5 s
_NAME_WIDTH = 34


@dataclass(frozen=True)
class ReceivedSpan:
    """Ids in hexadecimal; `parent` is empty where a trace begins. Times in ns since 1970. `links`:
    ids of spans. `failed`: why, empty where it did not."""

    trace: str
    id: str
    parent: str
    service: str
    name: str
    start: int
    end: int
    links: tuple[str, ...]
    attributes: dict[str, str | int]
    failed: str


class Receiver:
    """An OTLP/HTTP server on this machine; port 0 is any free one."""

    def __init__(self, port: int = 0) -> None:
        self._spans: list[ReceivedSpan] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer._spans += read_spans(body)
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def spans(self) -> list[ReceivedSpan]:
        return list(self._spans)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def read_spans(body: bytes) -> Iterator[ReceivedSpan]:
    """The spans of a request's body."""
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        service = _attributes(resource.resource.attributes)["service.name"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield ReceivedSpan(
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    str(service),
                    span.name,
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    tuple(link.span_id.hex() for link in span.links),
                    _attributes(span.attributes),
                    span.status.message or "failed" if span.status.code == 2 else "",
                )


def _attributes(pairs: Iterable[Any]) -> dict[str, str | int]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


def tree(spans: Iterable[ReceivedSpan]) -> str:
    """One trace, a line for each span: name, service, start and length in milliseconds."""
    ordered = sorted(spans, key=lambda span: (span.start, -span.end))
    known = {span.id for span in ordered}
    roots = [span for span in ordered if span.parent not in known]
    lines: list[str] = []

    def add(span: ReceivedSpan, before: str, branch: str) -> None:
        lines.append(_line(span, before + branch, ordered[0].start))
        below = [child for child in ordered if child.parent == span.id]
        deeper = before + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
        for child in below:
            add(child, deeper, "└─ " if child is below[-1] else "├─ ")

    for root in roots:
        add(root, "", "")
    return "\n".join(lines)


def _line(span: ReceivedSpan, indent: str, begun: int) -> str:
    start, length = ((span.start - begun) / 1e6, (span.end - span.start) / 1e6)
    named = f"{indent}{span.name}".ljust(_NAME_WIDTH)
    line = f"{named} {span.service.removeprefix('cropshield-'):7}{start:9.1f}{length:9.1f}"
    return f"{line}  {span.failed}".rstrip()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=4318)
    receiver, printed = Receiver(options.parse_args().port), set[str]()
    sys.stderr.write(f"set OTEL_EXPORTER_OTLP_ENDPOINT={receiver.endpoint}; Ctrl-C ends it\n")
    while True:
        time.sleep(1)
        quiet = time.time_ns() - QUIET_SECONDS * 1e9
        by_trace: dict[str, list[ReceivedSpan]] = {}
        for span in receiver.spans():
            by_trace.setdefault(span.trace, []).append(span)
        for trace, spans in by_trace.items():
            if trace not in printed and max(span.end for span in spans) < quiet:
                printed.add(trace)
                sys.stdout.write(f"{tree(spans)}\n\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
