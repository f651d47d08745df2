"""What a class is, for people and for programs."""

import json
import sys
import textwrap
from collections.abc import Iterator

from cli.cards.served import served_card
from cli.errors import USAGE, CommandError
from models.card_errors import NotDescribed
from models.class_descriptions import Cause, ClassDescription

_WIDTH, _INDENT = 88, 15


def show_class(model: str, class_name: str, *, as_json: bool) -> None:
    """Raises CommandError for a model that is not there, and a class that is not described."""
    try:
        found = served_card(model).describe(class_name)
    except NotDescribed as error:
        raise CommandError(str(error), USAGE) from error
    if as_json:
        content = {"class_name": class_name} | found.model_dump(mode="json")
        sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        return
    lines = (_row(label, text) for label, text in _rows(found))
    sys.stdout.write("\n".join([class_name, *lines]) + "\n")


def one_line(found: ClassDescription) -> str:
    """Common names, and the causes in brackets."""
    causes = ", ".join(cause.name for cause in found.causes)
    return ", ".join(found.common_names) + (f" ({causes})" if causes else "")


def _rows(found: ClassDescription) -> Iterator[tuple[str, str]]:
    yield "names", ", ".join(found.common_names)
    for cause in found.causes:
        yield "cause", _cause(cause)
    yield "look for", found.symptoms
    yield "heat", found.expected_heat
    for other in found.lookalikes:
        yield "confused with", f"{other.name}: {other.difference}"
    yield "what to do", found.next_steps
    for source in found.sources:
        yield "source", f"{source.publisher}, {source.title}, {source.url}"


def _cause(cause: Cause) -> str:
    others = f", also {', '.join(cause.other_names)}" if cause.other_names else ""
    code = f"; EPPO code {cause.eppo_code}" if cause.eppo_code else ""
    return f"{cause.kind} {cause.name}{others}{code}"


def _row(label: str, text: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=f"{label:<{_INDENT}}",
        subsequent_indent=" " * _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )
