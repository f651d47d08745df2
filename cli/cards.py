"""Changes to a card's file that keep its comments and order."""

from pathlib import Path
from typing import Any

import tomlkit


def update_card(path: Path, values: dict[str, Any], table: str | None = None) -> None:
    """Set `values` at the top of the card, or in the sub-table `table` ("metrics.test")."""
    document = tomlkit.parse(path.read_text("utf-8"))
    place: Any = document
    for name in table.split(".") if table else ():
        place = place.setdefault(name, tomlkit.table())
    place.update(values)
    path.write_text(tomlkit.dumps(document), "utf-8")
