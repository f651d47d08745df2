"""The command line. Heavy imports wait until a subcommand runs, so that `--help` is instant."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import CommandError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
Host = Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")]
Port = Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port to listen on.")]


@app.callback()
def cropshield() -> None:
    """A photo of a leaf goes in, the disease comes out, with the picture that shows why."""


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Run everything on this machine: Redis, one worker, the API. Ctrl-C stops it."""
    from cli.serve import serve as run
    from cli.settings import read
    from jobs.settings import SharedSettings

    run(read(SharedSettings), host, port)


@app.command()
def api(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Run the HTTP API alone; needs a Redis."""
    import uvicorn

    from api.app import create_app
    from api.request_id import current
    from api.settings import ApiSettings
    from cli import logs
    from cli.settings import read
    from jobs.errors import BlobsFailed
    from models.catalog import CardError

    settings = read(ApiSettings)
    logs.configure(settings.log_format, {"request_id": current.get})
    try:
        application = create_app(settings)
    except (CardError, BlobsFailed) as error:
        raise CommandError(str(error)) from error
    uvicorn.run(
        application,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        server_header=False,
    )


@app.command()
def worker() -> None:
    """Run one worker process; needs a Redis."""
    from cli import logs
    from cli.settings import read
    from engine.errors import EngineError
    from jobs.errors import BlobsFailed
    from models.catalog import CardError
    from workers.app import run_worker
    from workers.settings import WorkerSettings

    settings = read(WorkerSettings)
    logs.configure(settings.log_format)
    logs.keep_celery_out()
    try:
        run_worker(settings)
    except (CardError, EngineError, BlobsFailed) as error:
        raise CommandError(str(error)) from error


@app.command()
def doctor(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Do not load the models.")] = False,
) -> None:
    """Look at Redis, disk, models, GPU, queue and port; say what to do. Exit code 1: a problem."""
    from cli.doctor import examine, report
    from cli.settings import read
    from jobs.settings import SharedSettings

    if not report(examine(read(SharedSettings), host, port, quick=quick), as_json=json):
        raise typer.Exit(1)


@app.command()
def train(
    card: Annotated[Path, typer.Argument(help="A model card with a [training] table.")],
    data: Annotated[Path, typer.Option(help="Folder with train/ and val/, one folder a class.")],
    out: Annotated[Path, typer.Option(help="Where state and history go.")] = Path("var/training"),
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, …")] = "auto",
) -> None:
    """Train the model of a card; run it again to go on after a kill."""
    from cli.train import train as run

    run(card, data, out, device)


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="Id of a model card.")],
    data: Annotated[Path, typer.Option(help="A folder with one folder a class.")],
    record: Annotated[
        str, typer.Option(help="Write the figures to the card's [metrics] under this name.")
    ] = "",
) -> None:
    """Accuracy and macro-F1 of a model on labelled photos."""
    from cli.evaluate import evaluate as run

    run(model, data, record)


@app.command()
def demo(
    server: Annotated[str, typer.Option(help="A running server.")] = "http://127.0.0.1:8000",
    out: Annotated[Path, typer.Option(help="Folder for the overlays.")] = Path("demo"),
    count: Annotated[int, typer.Option(min=1, max=64, help="How many leaves to draw.")] = 8,
) -> None:
    """Draw some leaves, post them to a running server, and keep the overlays."""
    from cli.demo import run_demo

    run_demo(server, out, count)


def main() -> None:
    """Run a command; a CommandError becomes one sentence on stderr and exit code 1."""
    try:
        app()
    except CommandError as error:
        sys.exit(f"cropshield: {error}")
