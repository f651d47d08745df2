"""Ports of this machine for servers that are about to start."""

import random
import socket
from collections.abc import Iterable
from itertools import islice

PORTS = range(20_000, 32_000)
"""Below those that systems hand out to whoever asks for any: a server may take seconds to start,
and no client takes its port meanwhile."""


def free_port() -> int:
    """A port that nobody listens on."""
    return free_ports(1)[0]


def free_ports(count: int, among: Iterable[int] = PORTS) -> list[int]:
    """Several of them, no two alike, drawn by lot."""
    drawn = list(among)
    random.Random().shuffle(drawn)  # whatever others have seeded
    return list(islice(filter(_is_free, drawn), count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
