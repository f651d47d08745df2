"""`cropshield train`, `calibrate`, `evaluate` and `compare`: make a model, and judge it."""

from pathlib import Path
from typing import Annotated

import typer


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
    from cli.training.train import train as run

    run(card, data, outlines, out, device)


def calibrate(
    model: Annotated[str, typer.Argument(help="Id of a model card.")],
    data: Annotated[
        list[Path],
        typer.Option(help="Photos not trained on, one folder a class: val/; may be given again."),
    ],
    record: Annotated[bool, typer.Option("--record", help="Write it to the card.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    each: Annotated[int, typer.Option(min=1, help="Drawn pictures of each kind.")] = 40,
    trained_on: Annotated[
        list[Path] | None,
        typer.Option(help="Photos trained on, for the means of classes; may be given again."),
    ] = None,
) -> None:
    """Find when a model's answers may be relied on: temperature, thresholds, AUROC.

    Exit codes as of explain.
    """
    from cli.training.calibrate import CalibrateOptions
    from cli.training.calibrate import calibrate as run

    raise typer.Exit(run(model, data, CalibrateOptions(each, record, json, trained_on or ())))


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
    from cli.evaluation.evaluate import evaluate as run
    from cli.evaluation.evaluate_lesions import evaluate_lesions
    from cli.evaluation.evaluate_unknown import evaluate_unknown
    from cli.evaluation.results import EvaluateOptions

    options = EvaluateOptions(data, lesions, record, json, confusion, shortcuts)
    if unknown is not None:
        raise typer.Exit(evaluate_unknown(model, unknown, options))
    if lesions is not None:
        raise typer.Exit(evaluate_lesions(model, lesions, options))
    raise typer.Exit(run(model, options))


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
    from cli.evaluation.compare import compare as run

    raise typer.Exit(run((first, second), photos or [], data, out))
