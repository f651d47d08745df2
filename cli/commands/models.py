"""`cropshield models`: list, show, verify, export and add. Heavy imports wait until one runs."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The models that are served, and new ones.")
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("list")
def list_models(json: AsJson = False) -> None:
    """The models that are served: the project's, and those of CROPSHIELD_HOME/models."""
    from cli.cards.show import list_cards

    list_cards(as_json=json)


@app.command()
def show(
    model: Annotated[str, typer.Argument(help="Id of a card.")],
    class_name: Annotated[
        str, typer.Option("--class", help="What this class is, instead of the card.")
    ] = "",
    lang: Annotated[str, typer.Option("--lang", help="Language of what it says: en, es, …")] = "en",
    json: AsJson = False,
) -> None:
    """A whole card, its figures included; or what one of its classes is."""
    from cli.settings import translator_for

    translated = translator_for(lang)
    if class_name:
        from cli.cards.describe import show_class

        show_class(model, class_name, translated, as_json=json)
        return
    from cli.cards.show import show_card

    show_card(model, translated, as_json=json)


@app.command()
def verify(
    models: Annotated[list[str] | None, typer.Argument(help="Ids; without any, all.")] = None,
) -> None:
    """Load each model and let it see a photo; a line for each fault, and then exit code 1."""
    from cli.cards.verify import verify_cards

    if not verify_cards(models or []):
        raise typer.Exit(1)


@app.command()
def export(
    models: Annotated[list[str] | None, typer.Argument(help="Ids; without any, all.")] = None,
) -> None:
    """Make the graph of a model, by which workers on a CPU run it without torch, and record it."""
    from cli.cards.export import export_cards

    export_cards(models or [])


@app.command()
def add(
    model: Annotated[str, typer.Argument(help="Id of the new card: a-z, 0-9, _ . -")],
    architecture: Annotated[
        str, typer.Option(help="cropshield_cnn, torchvision:NAME or timm:NAME.")
    ],
    weights: Annotated[Path, typer.Option(help="A state dict: .pth or .safetensors.")],
    classes: Annotated[
        Path, typer.Option(help="Class names by index: class_to_idx.json, a JSON list, or lines.")
    ],
    descriptions: Annotated[
        Path | None, typer.Option(help="What the classes are: a file of class descriptions.")
    ] = None,
    target_layer: Annotated[
        str, typer.Option(help="The layer that is explained; left out, the last with maps.")
    ] = "",
    size: Annotated[int, typer.Option(help="Side of the model's input in pixels.")] = 224,
    mean: Annotated[
        tuple[float, float, float], typer.Option(help="Of the photos it was trained on, in [0, 1].")
    ] = (0.485, 0.456, 0.406),
    std: Annotated[tuple[float, float, float], typer.Option()] = (0.229, 0.224, 0.225),
    title: Annotated[str, typer.Option(help="One line for people.")] = "",
    licence: Annotated[str, typer.Option(help="Of the weights.")] = "not stated",
    to: Annotated[
        Path | None, typer.Option(help="Folder; left out, CROPSHIELD_HOME/models.")
    ] = None,
) -> None:
    """Make a card for weights that you have, try it, and serve it from the next start on."""
    from cli.cards.add import NewModel, add_model

    pixels = {"size": size, "mean": list(mean), "std": list(std)}
    given = NewModel(
        *(model, architecture, weights, classes, target_layer, pixels, title, licence),
        descriptions=descriptions,
    )
    add_model(given, to)
