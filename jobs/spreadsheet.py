"""CSV that opens in a spreadsheet as it is meant: its letters intact, no formula run."""

import csv
import io
import re
from collections.abc import Iterable

BOM = "\ufeff"
"""At the start of a table: without it Excel takes UTF-8 for the letters of the local code page."""
_SIGNS = "=+@\\-＝＋＠－﹦﹢﹫﹣"
_UNSEEN = r'[\s"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]*'
_FORMULA = re.compile(f"(^|[;|\t\r\n])({_UNSEEN})(?=[{_SIGNS}])")


def guarded(value: object) -> object:
    """The text, with an apostrophe before what a spreadsheet would take for a formula.

    That may also be a part after `;`, `|`, a tab or a line break, where a spreadsheet that
    separates by these begins a cell. Numbers are left alone, negative ones too.
    """
    if not isinstance(value, str):
        return value
    text = _FORMULA.sub(r"\1'\2", value)
    return f"'{text}" if text[:1] in ("\t", "\r", "\n") else text


def csv_line(cells: Iterable[object]) -> str:
    """One line of a table, every cell guarded, ended by CR LF; without NUL, at which many readers
    end."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow(map(guarded, cells))
    return buffer.getvalue().replace("\0", "\ufffd")
