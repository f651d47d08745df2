"""What a class is, for people and for programs."""

import json
import sys
import textwrap
from collections.abc import Iterator

from rich.cells import cell_len

from cli.cards.served import served_card
from cli.errors import USAGE, CommandError
from languages.translator import Translator
from models.card_errors import NotDescribed
from models.cards.class_descriptions import Cause, ClassDescription, in_language

_WIDTH = 88


def show_class(model: str, class_name: str, translated: Translator, *, as_json: bool) -> None:
    """Raises CommandError for a model that is not there, and a class that is not described."""
    try:
        found = in_language(served_card(model).describe(class_name), translated)
    except NotDescribed as error:
        raise CommandError(str(error), USAGE) from error
    if as_json:
        content = {"class_name": class_name} | found.model_dump(mode="json")
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        return
    rows = list(_rows(found, translated))
    indent = 2 + max(cell_len(label) for label, _ in rows)
    lines = (_row(label, text, indent) for label, text in rows)
    sys.stdout.write("\n".join([class_name, *lines]) + "\n")


def one_line(found: ClassDescription) -> str:
    """Common names, and the causes in brackets."""
    causes = ", ".join(cause.name for cause in found.causes)
    return ", ".join(found.common_names) + (f" ({causes})" if causes else "")


def _rows(found: ClassDescription, translated: Translator) -> Iterator[tuple[str, str]]:
    text = translated.text
    yield text("names"), ", ".join(found.common_names)
    for cause in found.causes:
        yield text("cause"), _cause(cause, translated)
    yield text("look for"), found.symptoms
    yield text("heat"), found.expected_heat
    for other in found.lookalikes:
        yield text("confused with"), f"{other.name}: {other.difference}"
    yield text("what to do"), found.next_steps
    for source in found.sources:
        yield text("source"), f"{source.publisher}, {source.title}, {source.url}"


def _cause(cause: Cause, translated: Translator) -> str:
    text = translated.text
    parts = [f"{text(cause.kind)} {cause.name}"]
    if cause.other_names:
        parts.append(text("also {names}", names=", ".join(cause.other_names)))
    if cause.eppo_code:
        parts.append(text("EPPO code {code}", code=cause.eppo_code))
    return ", ".join(parts)


def _row(label: str, text: str, indent: int) -> str:
    """indent: columns, the label's among them."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=label + " " * (indent - cell_len(label)),
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
