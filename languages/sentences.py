"""Sentences with values in them, recognised by their English.

Details of errors are written where they are raised, cross processes and are stored in records, as
English sentences with their values filled in. Each has a template, such as `the batch is {size}
bytes; the limit is {limit}`, which `python -m scripts.translations` finds in the code. At the edge
a sentence is matched with the templates, so that neither code nor records carry languages.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_GIVEN = " (given: "  # is added to the end of a message, and so never within a value
PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Recognised(NamedTuple):
    """The template of a sentence, and its values by name."""

    template: str
    values: Mapping[str, str]


class Templates:
    """Where several templates match, the one with the most text of its own counts."""

    def __init__(self, templates: Iterable[str]) -> None:
        ordered = sorted(filter(PLACEHOLDER.search, templates), key=_own_text, reverse=True)
        self._patterns = [(template, _pattern(template)) for template in ordered]

    def recognise(self, sentence: str) -> Recognised | None:
        """None for a sentence of no template."""
        for template, pattern in self._patterns:
            found = pattern.fullmatch(sentence)
            if found and not any(_GIVEN in value for value in found.groups()):
                return Recognised(template, found.groupdict())
        return None


def _own_text(template: str) -> int:
    return len(PLACEHOLDER.sub("", template))


def _pattern(template: str) -> re.Pattern[str]:
    """A name stands once in a template. `split` gives text and names in turn."""
    parts = PLACEHOLDER.split(template)
    text = (re.escape(part) if at % 2 == 0 else f"(?P<{part}>.*?)" for at, part in enumerate(parts))
    return re.compile("".join(text), re.DOTALL)
