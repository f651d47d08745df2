"""The command line: which commands there are, and how one fails."""

import sys

import typer

from cli.commands import keys, models, photos, service, training, webhooks
from cli.errors import FAILED, CommandError
from models import torch_extra

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for command in (
    *(service.serve, service.api, service.worker, service.doctor, service.demo),
    *(photos.explain, photos.audit),
    *(training.train, training.calibrate, training.evaluate, training.compare),
):
    app.command()(command)
app.add_typer(keys.app, name="keys")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(models.app, name="models")


@app.callback()
def cropshield() -> None:
    """A photo of a leaf goes in, the disease comes out, with the picture that shows why."""


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
