"""The pages with these tables: one stands between `<!-- NAME -->` and `<!-- end -->`."""

import re
from collections.abc import Callable

from scripts.capacity.job import ROOT
from scripts.capacity.measured import costs, gpu, scale
from scripts.capacity.plan import sizes, steps

PAGES = [
    ROOT / "docs" / page
    for page in ("explanation/capacity.md", "how-to/grow-from-one-laptop-to-forty-gpus.md")
]
TABLES: dict[str, Callable[[], str]] = {
    "costs": costs,
    "gpu": gpu,
    "sizes": sizes,
    "scale": scale,
    "steps": steps,
}


def refreshed(page: str) -> str:
    """The page with its tables anew."""
    for name, table in TABLES.items():
        block = re.compile(f"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        page = block.sub(lambda found, table=table: f"{found[1]}\n{table()}\n{found[2]}", page)  # type: ignore[misc]
    return page
