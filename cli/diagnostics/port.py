"""Checks the port: free, or in use by this server."""

import json
import urllib.error
import urllib.request
from typing import Any

from cli.diagnostics.findings import Finding, ok, problem, warning
from cli.errors import CommandError
from cli.local_http import local_http
from cli.serve.preflight import check_port as try_port

SUBJECT = "port"


def check_port(host: str, port: int, *, served: bool) -> Finding:
    """`served`: a server runs on the state folder, on this port or another."""
    address = f"{host}:{port}"
    try:
        try_port(host, port)
    except CommandError as error:
        return _taken(address, error)
    if served:
        found = f"{address} is free, though a server runs"
        return warning(SUBJECT, found, "It listens elsewhere, or its API is down: see its log.")
    return ok(SUBJECT, f"{address} is free")


def _taken(address: str, error: CommandError) -> Finding:
    try:
        with local_http.open(f"http://{address}/readyz", timeout=5) as response:
            state: dict[str, Any] = json.load(response)
            return ok(SUBJECT, f"{address} is our API, ready, {state['workers']} workers")
    except urllib.error.HTTPError as refusal:
        if refusal.headers.get_content_type() == "application/problem+json":
            detail = json.load(refusal)["detail"]
            found = f"{address} is our API, not ready: {detail}"
            return problem(SUBJECT, found, "Mend that first.")
    except (OSError, ValueError, KeyError):
        pass
    return problem(SUBJECT, str(error), "Something else listens there.")
