"""A page out of its template, with style, script, colour tables and pictures inside."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cli.output import json_text
from cli.report.reasons import LEGEND
from languages.catalogs import entries
from languages.translator import Translator
from pictures.photo_files import printable
from pictures.rendering.colormaps import colormap

_HERE = Path(__file__).parent
REPORT_COLORMAPS = ("viridis", "cividis", "magma", "turbo", "jet")


def render(template: str, translated: Translator, **values: Any) -> str:
    """The page in a language. Everything in `values` is escaped but what is Markup."""
    return printable(_environment(translated).get_template(template).render(**values))


def gallery(
    photos: Sequence[dict[str, Any]],
    translated: Translator,
    *,
    key: str,
    reasons: Sequence[str] = (),
) -> Markup:
    """The data that `gallery.js` reads. photos: what it shows of each. key: of the notes that are
    kept in the browser. reasons: why a photo may be shown, in order. Its texts are English, and
    their translations beside them."""
    tables = {name: b64encode(colormap(name).tobytes()).decode() for name in REPORT_COLORMAPS}
    styles = {name: reason.style for name, reason in LEGEND.items()}
    content = {"key": key, "cards": list(photos), "colormaps": tables}
    content |= {"language": translated.language, "texts": _texts(translated.language)}
    return data(content | {"reasons": list(reasons), "styles": styles})


def data(content: Any) -> Markup:
    """JSON for a script element."""
    text = json_text(content, compact=True)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - nothing in it can end the element


def _texts(language: str) -> dict[str, str]:
    """What the page's scripts may say: by English text the translation."""
    found = {**entries(language, "results"), **entries(language, "reports")}
    return {english: forms[0] for english, forms in found.items()}


def _environment(translated: Translator) -> Environment:
    made = Environment(
        loader=FileSystemLoader([_HERE / "templates", _HERE / "static"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["percent"] = lambda value: (
        "–" if value is None else translated.percent(value, digits=1)
    )
    made.filters["t"] = translated.text
    made.globals |= {"inside": _inside, "t": translated.text, "plural": translated.plural}
    made.globals |= {"language": translated.language, "number": translated.number}
    return made


def _inside(name: str) -> Markup:
    """The content of a file of `static/`."""
    return Markup((_HERE / "static" / name).read_text("utf-8"))  # noqa: S704 - the project's own
