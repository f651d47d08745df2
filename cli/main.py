"""The command line. Heavy imports wait until a subcommand runs, so that `--help` is instant."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.commands import keys, models, webhooks
from cli.errors import FAILED, USAGE, CommandError
from models import torch_extra

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(keys.app, name="keys")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(models.app, name="models")
Host = Annotated[str, typer.Option(envvar="HOST", help="Address to listen on.")]
Port = Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port to listen on.")]
Processes = Annotated[int, typer.Option(min=1, max=64, help="Processes that share the port.")]
Workers = Annotated[int, typer.Option(min=1, max=64, help="Workers that share the cores.")]
Model = Annotated[str, typer.Option(help="Id of a model card.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")]
Batch = Annotated[int, typer.Option(min=1, max=256, help="Photos in one forward pass.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but what is wrong.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.callback()
def cropshield() -> None:
    """A photo of a leaf goes in, the disease comes out, with the picture that shows why."""


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 1) -> None:
    """Run everything on this machine: Redis, workers, the API. Ctrl-C stops it."""
    from cli.serve.command import serve as run
    from cli.settings import read
    from jobs.settings import SharedSettings

    run(read(SharedSettings), host, port, workers)


@app.command()
def api(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    processes: Processes = 1,
    descriptor: Annotated[int | None, typer.Option("--socket", hidden=True)] = None,
) -> None:
    """Run the HTTP API alone, in one process or several; needs a Redis."""
    from api.app import create_app
    from api.middleware.request_id import current_request_id
    from api.server import serve as run
    from api.settings import ApiSettings
    from cli import logs
    from cli.serve.api_processes import serve_in_processes
    from cli.serve.preflight import check_models, raise_file_limit
    from cli.settings import read
    from jobs.errors import BlobsFailed
    from models.card_errors import CardError

    settings = read(ApiSettings)
    logs.configure(settings.log_format, {"request_id": current_request_id.get})
    check_models(settings.card_folders)
    raise_file_limit()
    try:
        application = create_app(settings, host)
    except (CardError, BlobsFailed) as error:
        raise CommandError(str(error)) from error
    if processes > 1:
        serve_in_processes(processes, host, port)
    else:
        run(application, settings, host, port, descriptor)


@app.command()
def worker() -> None:
    """Run one worker process; needs a Redis."""
    from cli import logs
    from cli.settings import read
    from engine.errors import EngineError
    from jobs.errors import BlobsFailed
    from models.card_errors import CardError
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
    from cli.diagnostics.doctor import print_findings, run_checks
    from cli.settings import read
    from jobs.settings import SharedSettings

    if not print_findings(run_checks(read(SharedSettings), host, port, quick=quick), as_json=json):
        raise typer.Exit(1)


@app.command()
def train(
    card: Annotated[Path, typer.Argument(help="A model card with a [training] table.")],
    data: Annotated[
        list[Path],
        typer.Option(
            help="Folder with train/ and val/, one folder a class; several give as much each."
        ),
    ],
    outlines: Annotated[
        Path | None,
        typer.Option(help="Masks of lesions for photos in train/: train/Crop__disease/name.png."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Where state and history go; left out, CROPSHIELD_HOME/training."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, …")] = "auto",
) -> None:
    """Train the model of a card; run it again to go on after a kill."""
    from cli.commands.train import train as run

    run(card, data, outlines, out, device)


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="Id of a model card.")],
    data: Annotated[
        Path | None, typer.Option(help="Photos, one folder a class; without --lesions needed.")
    ] = None,
    record: Annotated[
        str, typer.Option(help="Write the figures to the card's [metrics] under this name.")
    ] = "",
    json: Annotated[str, typer.Option(help="Everything, to this file; - for the terminal.")] = "",
    confusion: Annotated[
        Path | None, typer.Option(help="The confusion matrix as a picture, to this file.")
    ] = None,
    shortcuts: Annotated[
        bool,
        typer.Option(
            "--shortcuts", help="Also grain, other grounds, heat on the leaf, drawn leaves."
        ),
    ] = False,
    lesions: Annotated[
        Path | None,
        typer.Option(
            help="Judge the heat instead, by masks of lesions: Crop__disease/name.png, their "
            "photos beside them or in --data."
        ),
    ] = None,
    unknown: Annotated[
        Path | None,
        typer.Option(
            help="Count verdicts instead, over a folder of photos that are of no class of the "
            "model: other crops, hands, soil."
        ),
    ] = None,
) -> None:
    """Accuracy, macro-F1, each class and calibration of a model on labelled photos; with --lesions
    whether its heat lies on them; with --unknown how often it is confident where it knows nothing.

    Exit codes as of explain.
    """
    from cli.commands.evaluate import EvaluateOptions
    from cli.commands.evaluate import evaluate as run
    from cli.commands.evaluate_lesions import evaluate_lesions
    from cli.commands.evaluate_unknown import evaluate_unknown

    options = EvaluateOptions(record, json, confusion, shortcuts)
    if unknown is not None:
        if data or lesions:
            message = "--unknown takes photos of its own; leave --data and --lesions to another run"
            raise CommandError(message, USAGE)
        raise typer.Exit(evaluate_unknown(model, unknown, options))
    if lesions is None:
        raise typer.Exit(run(model, data, options))
    raise typer.Exit(evaluate_lesions(model, lesions, data, options))


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="Id of a model card.")],
    second: Annotated[str, typer.Argument(help="Id of another.")],
    photos: Annotated[list[Path] | None, typer.Argument(help="Photos.")] = None,
    data: Annotated[
        Path | None, typer.Option(help="A folder of labelled photos, one folder a class.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the sheets.")] = Path("comparison"),
) -> None:
    """Two models on the same photos: agreement, accuracy, overlap of the heat, side by side.

    Exit codes as of explain.
    """
    from cli.commands.compare import compare as run

    raise typer.Exit(run((first, second), photos or [], data, out))


@app.command()
def explain(
    paths: Annotated[
        list[str], typer.Argument(help="Photos, folders, globs; - reads a list from stdin.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for everything that comes out.")],
    model: Model = "cropshield_cnn",
    top_k: Annotated[int, typer.Option(min=1, max=5, help="Classes to explain.")] = 1,
    method: Annotated[str, typer.Option(help="gradcam, hirescam, layercam, …")] = "gradcam",
    colormap: Annotated[str, typer.Option(help="jet, viridis, magma, …")] = "jet",
    alpha: Annotated[float, typer.Option(min=0, max=1, help="Opacity of the heat.")] = 0.5,
    device: Device = "auto",
    batch: Batch = 16,
    server: Annotated[str, typer.Option(help="Ask this server instead of this machine.")] = "",
    api_key: Annotated[
        str, typer.Option(envvar="CROPSHIELD_API_KEY", help="The key that the server asks for.")
    ] = "",
    json: Json = False,
    quiet: Quiet = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is to do.")] = False,
) -> None:
    """Explain photos and folders of them: overlays, tables, a report. Run it again to go on.

    Exit codes: 0 all good, 1 some photos failed, 2 wrong usage, 3 no such model, device or
    server, 130 interrupted.
    """
    from cli.explain.choose import choose_options, choose_source
    from cli.explain.command import Output
    from cli.explain.command import explain as run

    options = choose_options(model, top_k, method, colormap, alpha)
    source, say = choose_source(options, device, server, api_key), Output(json, quiet)
    raise typer.Exit(run(paths, out, source, options, batch=batch, dry_run=dry_run, say=say))


@app.command()
def audit(
    folder: Annotated[Path, typer.Argument(help="Photos, one folder a class.")],
    out: Annotated[Path, typer.Option(help="Folder for the report and its numbers.")],
    model: Model = "cropshield_cnn",
    against: Annotated[str, typer.Option(help="A second model, to compare.")] = "",
    faithfulness: Annotated[
        int, typer.Option(min=0, help="Photos to measure it on; 0 for none.")
    ] = 32,
    device: Device = "auto",
    batch: Batch = 16,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Where a model is wrong, where it looks, which labels to check: one page to read.

    Exit codes as of explain.
    """
    from cli.audit.command import AuditOptions
    from cli.audit.command import audit as run
    from cli.explain.command import Output
    from cli.settings import read
    from workers.settings import WorkerSettings

    options = AuditOptions(folder, out, model, against, device, batch, faithfulness)
    raise typer.Exit(run(options, read(WorkerSettings), Output(json, quiet)))


@app.command()
def calibrate(
    model: Annotated[str, typer.Argument(help="Id of a model card.")],
    data: Annotated[
        list[Path],
        typer.Option(help="Photos not trained on, one folder a class: val/; may be given again."),
    ],
    record: Annotated[bool, typer.Option("--record", help="Write it to the card.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    each: Annotated[int, typer.Option(min=1, help="Drawn pictures of each kind.")] = 40,
) -> None:
    """Find when a model's answers may be relied on: temperature, thresholds, AUROC.

    Exit codes as of explain.
    """
    from cli.commands.calibrate import CalibrateOptions
    from cli.commands.calibrate import calibrate as run

    raise typer.Exit(run(model, data, CalibrateOptions(each, record, json)))


@app.command()
def demo(
    server: Annotated[str, typer.Option(help="A running server.")] = "http://127.0.0.1:8000",
    out: Annotated[Path, typer.Option(help="Folder for the overlays.")] = Path("demo"),
    count: Annotated[int, typer.Option(min=1, max=64, help="How many leaves to draw.")] = 8,
    api_key: Annotated[
        str, typer.Option(envvar="CROPSHIELD_API_KEY", help="The key that the server asks for.")
    ] = "",
) -> None:
    """Draw some leaves, post them to a running server, keep the overlays; leaves/ has more."""
    from cli.commands.demo import run_demo

    run_demo(server, out, count, api_key)


def main() -> None:
    """Run a command; a CommandError becomes one sentence on stderr and its exit code."""
    try:
        app()
    except CommandError as error:
        sys.stderr.write(f"cropshield: {error}\n")
        sys.exit(error.code)
    except ModuleNotFoundError as error:
        if error.name not in torch_extra.PACKAGES:
            raise
        sys.stderr.write(f"cropshield: {torch_extra.missing_torch('this', error)}\n")
        sys.exit(FAILED)
