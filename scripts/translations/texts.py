"""What there is to translate, in English."""

from collections.abc import Iterator
from typing import NamedTuple


class Text(NamedTuple):
    """An English text, or its singular and plural; the file that has it; a word to translators."""

    english: str | tuple[str, str]
    file: str
    comment: str = ""


Texts = Iterator[Text]
