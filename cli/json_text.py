"""JSON for people and programs, whatever bytes a file is named by."""

import json
from typing import Any


def json_text(content: Any, indent: int | None = None, *, compact: bool = False) -> str:
    """Letters as they are. A byte of a file name that is not UTF-8 is an escape, `\\udce9`, by
    which Python's `json` gives the name back."""
    separators = (",", ":") if compact else None
    text = json.dumps(content, ensure_ascii=False, indent=indent, separators=separators)
    return text.encode("utf-8", "backslashreplace").decode()
