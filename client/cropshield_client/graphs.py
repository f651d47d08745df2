"""Fetching the graph of a model, by which a device answers without a server."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cropshield_client import endpoints, flows
from cropshield_client.download import Download, Progress
from cropshield_client.errors import Unreachable
from cropshield_client.flows import Flow, Work
from cropshield_client.retry import RetryPolicy


@dataclass(frozen=True)
class Graph:
    """The file: its path on the server, its size, and its hash in hex. Raises ValueError for what
    is none of these."""

    link: str
    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        if self.bytes < 1:
            raise ValueError(f"a graph has no {self.bytes} bytes")
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError(f"{self.sha256!r} is no SHA-256 in hex")


@dataclass(frozen=True)
class ModelCard:
    """What is needed of a card; all of it is `raw`."""

    id: str
    graph: Graph | None = None
    raw: dict[str, Any] = field(default_factory=dict)


def fetch_graph(
    model: str, path: str | Path, progress: Progress | None, retry: RetryPolicy
) -> Flow[dict[str, Any]]:
    """The model's card, when its graph is at `path`."""
    request = endpoints.get(f"/v1/models/{quote(model, safe='')}")
    card: ModelCard = yield from flows.fetch(ModelCard, request, retry)
    if card.graph is None:  # the server says why
        yield from flows.send(endpoints.get(f"{request.path}/graph"), retry)
        return card.raw
    download = Download(path, card.graph.bytes, card.graph.sha256, progress)
    if not (yield Work(download.is_there)):
        yield from _receive(card.graph.link, download, retry)
        yield Work(download.finish)
    return card.raw


def _receive(link: str, download: Download, retry: RetryPolicy) -> Flow[None]:
    """Given up when nothing has come in the time that a call has, however long the whole takes.

    Raises Unreachable, InvalidResponse.
    """
    request = endpoints.download(link, download)
    while download.received < download.size:
        before = download.received
        try:
            response = yield from flows.send(request, retry)
        except Unreachable:
            if download.received == before:
                raise
        else:
            if not endpoints.is_file(response) or download.received == before:
                raise flows.invalid(request, response)
