"""`cropshield doctor`: what works, what does not, and what to do about it."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from cli.diagnostics import redis
from cli.diagnostics.findings import Finding, Level
from cli.diagnostics.gpu import check_gpu
from cli.diagnostics.models import check_models
from cli.diagnostics.port import check_port
from cli.diagnostics.queue import check_work
from cli.diagnostics.storage import check_bucket, check_folder, is_served
from jobs.redis.connections import connect
from jobs.settings import SharedSettings

_INDENT = 19


def run_checks(
    settings: SharedSettings, host: str, port: int, *, quick: bool = False
) -> Iterator[Finding]:
    """The findings, one after the other. With `quick` the models are not loaded."""
    device = _device()
    served = is_served(settings.home)
    yield check_folder(settings.home)
    if settings.blobs.startswith("s3:"):
        yield check_bucket(settings)
    yield from _check_redis(settings, served=served)
    yield from check_models(settings.card_folders, device, quick=quick)
    yield check_gpu(device)
    yield check_port(host, port, served=served)


def _check_redis(settings: SharedSettings, *, served: bool) -> Iterator[Finding]:
    url = redis.find_url(settings)
    if url is None:
        yield redis.check_absent()
        return
    with connect(url) as client:
        findings = redis.check_server(client, url, settings.redis_replicas)
        answers = findings[0].level is not Level.PROBLEM or len(findings) > 1
        if not answers and not served and "redis_url" not in settings.model_fields_set:
            yield redis.check_absent()  # the socket is left over from a server that was killed
            return
        yield from findings
        if answers:
            yield check_work(client)


def _device() -> str:
    """The device setting of workers; "auto" where only the API is installed."""
    try:
        from workers.settings import WorkerSettings
    except ImportError:
        return "auto"
    return WorkerSettings().device


def print_findings(findings: Iterator[Finding], *, as_json: bool) -> bool:
    """Print the findings; True where there was no problem."""
    made = []
    for finding in findings:
        made.append(finding)
        if not as_json:
            sys.stdout.write(_line(finding))
            sys.stdout.flush()
    good = all(finding.level is not Level.PROBLEM for finding in made)
    if as_json:
        content = {"ok": good, "findings": [asdict(finding) for finding in made]}
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return good


def _line(finding: Finding) -> str:
    line = f"{finding.level:<9} {finding.subject:<8} {finding.found}\n"
    return line + (f"{'':{_INDENT}}{finding.advice}\n" if finding.advice else "")
