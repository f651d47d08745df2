"""`cropshield serve`, `api`, `worker`, `doctor` and `demo`: run the service, and try it."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import CommandError

Host = Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")]
Port = Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port to listen on.")]
Processes = Annotated[int, typer.Option(min=1, max=64, help="Processes that share the port.")]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1, max=64, help="Workers that share the cores.", show_default="what suits the machine"
    ),
]


def serve(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = None) -> None:
    """Run everything on this machine: Redis, workers, the API. Ctrl-C stops it."""
    from cli.serve.command import serve as run
    from cli.serve.machine import suitable_workers
    from cli.settings import read
    from jobs.settings import SharedSettings

    run(read(SharedSettings), host, port, workers or suitable_workers())


def api(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    processes: Processes = 1,
    descriptor: Annotated[int | None, typer.Option("--socket", hidden=True)] = None,
) -> None:
    """Run the HTTP API alone, in one process or several; needs a Redis."""
    from jobs.garbage import begin_start, end_start

    begin_start()
    from api.app import create_app
    from api.middleware.request_id import current_request_id
    from api.server.serve import serve as run
    from api.settings import ApiSettings
    from cli import logs
    from cli.serve.api_processes import serve_in_processes
    from cli.serve.preflight import check_models, check_stores, raise_file_limit
    from cli.settings import read
    from jobs.errors import BlobsFailed
    from jobs.tracing import TracingUnavailable
    from models.card_errors import CardError

    settings = read(ApiSettings)
    logs.configure(settings.log_format, {"request_id": current_request_id.get})
    check_models(settings.card_folders)
    check_stores(settings)
    raise_file_limit()
    try:
        application = create_app(settings, host)
    except (CardError, BlobsFailed, TracingUnavailable) as error:
        raise CommandError(str(error)) from error
    end_start()
    if processes > 1:
        serve_in_processes(processes, host, port)
    else:
        run(application, settings, host, port, descriptor)


def worker() -> None:
    """Run one worker process; needs a Redis."""
    from jobs.garbage import begin_start

    begin_start()
    from cli import logs
    from cli.settings import read
    from engine.errors import EngineError
    from jobs.errors import BlobsFailed, Incompatible
    from jobs.tracing import TracingUnavailable
    from models.card_errors import CardError
    from workers.app import run_worker
    from workers.settings import WorkerSettings

    settings = read(WorkerSettings)
    logs.configure(settings.log_format)
    logs.keep_celery_out()
    try:
        run_worker(settings)
    except (CardError, EngineError, BlobsFailed, Incompatible, TracingUnavailable) as error:
        raise CommandError(str(error)) from error


def doctor(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Do not load the models.")] = False,
) -> None:
    """Look at Redis, disk, models, GPU, queue and port; say what to do. Exit code 1: a problem."""
    from cli.diagnostics.doctor import print_findings, run_checks
    from cli.settings import read
    from jobs.settings import SharedSettings

    if not print_findings(run_checks(read(SharedSettings), host, port, quick=quick), as_json=json):
        raise typer.Exit(1)


def demo(
    server: Annotated[str, typer.Option(help="A running server.")] = "http://127.0.0.1:8000",
    out: Annotated[Path, typer.Option(help="Folder for the overlays.")] = Path("demo"),
    count: Annotated[int, typer.Option(min=1, max=64, help="How many leaves to draw.")] = 8,
    api_key: Annotated[
        str, typer.Option(envvar="CROPSHIELD_API_KEY", help="The key that the server asks for.")
    ] = "",
) -> None:
    """Draw some leaves, post them to a running server, keep the overlays; leaves/ has more."""
    from cli.demo import run_demo

    run_demo(server, out, count, api_key)
