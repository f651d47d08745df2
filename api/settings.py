"""Settings of the API process."""

import ipaddress
from typing import Annotated, Literal

from pydantic import Field

from jobs.settings import SharedSettings
from jobs.webhooks.url_policy import WebhookTargets
from pictures.decoding.header import MAX_PIXELS


class ApiSettings(SharedSettings):
    """`CROPSHIELD_…` variables that only the API reads, beside the shared ones."""

    max_bytes: Annotated[int, Field(ge=1024)] = 20_000_000
    """Most bytes of a photo."""
    max_batch_bytes: Annotated[int, Field(ge=1024)] = 200_000_000
    """Most bytes of all photos of a batch; they lie on disk while they are received."""
    max_pixels: Annotated[int, Field(ge=1024)] = MAX_PIXELS
    """Most pixels of a photo, by its header."""
    queue_bound: Annotated[int, Field(ge=1)] = 10_000
    """Most jobs that may wait; beyond it 503."""
    keys: Literal["auto", "on", "off"] = "auto"
    """Whether requests need an API key; `auto`: when the server listens beyond this machine."""
    webhook_targets: WebhookTargets = "public"
    """Where webhooks may go: `public`, https to public addresses; `any`, http and one's own too."""
    allowed_hosts: tuple[str, ...] = ()
    """Names that the server may be asked by; without keys, addresses and localhost may always."""
    cors_origins: tuple[str, ...] = ()
    """Sites whose pages may use the API from a browser, such as `https://example.org`."""
    max_connections: Annotated[int, Field(ge=8)] = 2000
    """Most connections of one API process; fewer where the limit of open files is lower."""
    keep_alive_seconds: Annotated[float, Field(gt=0)] = 5.0
    """How long a connection may be idle between two requests, or after an early answer."""
    header_seconds: Annotated[float, Field(gt=0)] = 10.0
    """How long the head of a request may take."""
    max_header_bytes: Annotated[int, Field(ge=1024)] = 32_768
    """Most bytes of a request's headers; beyond it 431."""
    max_headers: Annotated[int, Field(ge=8)] = 100
    """Most headers of a request; beyond it 431."""
    max_target_bytes: Annotated[int, Field(ge=256)] = 8192
    """Most bytes of path and query; beyond it 414."""
    max_query_parameters: Annotated[int, Field(ge=16)] = 100
    """Most parameters of a query; beyond it 414."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 65_536
    """Most bytes of a body on paths that take no photo; beyond it 413."""
    download_grace_seconds: Annotated[float, Field(gt=0)] = 20.0
    """How long an answer may take to be fetched in any case."""
    download_bytes_per_second: Annotated[float, Field(gt=0)] = 8000.0
    """How fast an answer must be fetched after that; else the connection is closed."""
    download_memory_bytes: Annotated[int, Field(ge=65_536)] = 100_000_000
    """Most bytes of answers not yet fetched; beyond it slow readers of large ones are cut off."""
    max_uploads: Annotated[int, Field(ge=1)] = 64
    """Most bodies on their way at once in one API process; beyond it 503."""
    upload_memory_bytes: Annotated[int, Field(ge=1024)] = 100_000_000
    """Most bytes of received photos in memory at once in one API process; others wait on disk."""
    upload_grace_seconds: Annotated[float, Field(gt=0)] = 20.0
    """How long a body may take in any case."""
    upload_bytes_per_second: Annotated[float, Field(gt=0)] = 8000.0
    """How fast a body must come after that; else 408."""
    max_renders: Annotated[int, Field(ge=1)] = 32
    """Most pictures that wait to be drawn, of small and of large ones each; beyond it 503."""
    max_render_pixels: Annotated[int, Field(ge=1_000_000)] = 25_000_000
    """Most pixels of a picture that is drawn in a `size` of the client's choice; beyond it 422."""
    max_streams: Annotated[int, Field(ge=1)] = 1000
    """Most streams of events and waits at once in one API process."""
    max_wait_seconds: Annotated[float, Field(ge=0)] = 25.0
    """Longest long-poll that `Prefer: wait=N` gets."""
    heartbeat_seconds: Annotated[float, Field(gt=0)] = 15.0
    """How often a quiet stream of events gives a sign of life."""
    feedback_days: Annotated[float, Field(gt=0)] = 365.0
    """How long feedback is kept."""
    sweep_seconds: Annotated[float, Field(ge=1)] = 600.0
    """How often what no job needs any more is looked for and erased."""

    def needs_keys(self, host: str) -> bool:
        """Whether a server that listens on `host` asks for API keys."""
        return not _is_loopback(host) if self.keys == "auto" else self.keys == "on"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
