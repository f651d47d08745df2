"""`cropshield explain` and `audit`: photos in folders explained, or a model looked into by them."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[str, typer.Option(help="Id of a model card.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, …")]
Batch = Annotated[int, typer.Option(min=1, max=256, help="Photos in one forward pass.")]
Language = Annotated[str, typer.Option("--lang", help="Language of report and sheet: en, es, …")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but what is wrong.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


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
    lang: Language = "en",
    json: Json = False,
    quiet: Quiet = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is to do.")] = False,
) -> None:
    """Explain photos and folders of them: overlays, tables, a report. Run it again to go on.

    Exit codes: 0 all good, 1 some photos failed, 2 wrong usage, 3 no such model, device or
    server, 130 interrupted.
    """
    from cli.explain.choose import choose_options, choose_source
    from cli.explain.command import explain as run
    from cli.output import Output
    from cli.settings import translator_for

    translated = translator_for(lang)
    options = choose_options(model, top_k, method, colormap, alpha)
    source, say = choose_source(options, device, server, api_key), Output(json, quiet)
    code = run(
        paths, out, source, options, batch=batch, dry_run=dry_run, say=say, translated=translated
    )
    raise typer.Exit(code)


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
    lang: Language = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Where a model is wrong, where it looks, which labels to check: one page to read.

    Exit codes as of explain.
    """
    from cli.audit.command import AuditOptions
    from cli.audit.command import audit as run
    from cli.output import Output
    from cli.settings import read, translator_for
    from workers.settings import WorkerSettings

    translated = translator_for(lang)
    options = AuditOptions(folder, out, model, against, device, batch, faithfulness, translated)
    raise typer.Exit(run(options, read(WorkerSettings), Output(json, quiet)))
