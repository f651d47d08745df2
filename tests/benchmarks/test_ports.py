"""Ports for servers that are about to start."""

import socket

from benchmarks.common.ports import free_ports
from tests.service.conftest import free_port


def test_a_port_that_somebody_listens_on_is_passed_over() -> None:
    (free,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        assert free_ports(2, [taken, free]) == [free]


def test_no_two_servers_get_the_same_port() -> None:
    ports = [*free_ports(50), *(free_port() for _ in range(50))]
    assert len(set(ports[:50])) == len(set(ports[50:])) == 50
