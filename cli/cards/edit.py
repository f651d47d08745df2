"""Changes to a card's file that keep its comments and order."""

from pathlib import Path
from typing import Any

import tomlkit

from models.text_files import read_text


def remove_table(path: Path, table: str) -> None:
    """Remove a table of the card, if it exists."""
    document = tomlkit.parse(read_text(path))
    if document.pop(table, None) is not None:
        path.write_text(tomlkit.dumps(document), "utf-8")


def replace_table(path: Path, values: dict[str, Any], table: str) -> None:
    """Set the sub-table `table` ("metrics.test") to exactly `values`."""
    _write(path, values, table.split("."), anew=True)


def update_card(path: Path, values: dict[str, Any], table: str | None = None) -> None:
    """Set `values` at the top of the card, or in the sub-table `table` ("metrics.test")."""
    _write(path, values, table.split(".") if table else [], anew=False)


def _write(path: Path, values: dict[str, Any], names: list[str], *, anew: bool) -> None:
    document = tomlkit.parse(read_text(path))
    target: Any = document
    for name in names:
        target = target.setdefault(name, tomlkit.table())
    for name in set(target) - set(values) if anew else ():
        del target[name]
    target.update(values)
    path.write_text(tomlkit.dumps(document), "utf-8")
