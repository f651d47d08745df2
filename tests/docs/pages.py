"""The Markdown of the project, as the tests read it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_AT_ROOT = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
PAGES = [
    *(ROOT / name for name in (*_AT_ROOT, "web/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
_FENCE = re.compile(r"^([ ]*)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


def text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of one language."""
    found = _FENCE.findall(page.read_text("utf-8"))
    return [body for _, tongue, body in found if tongue == language]


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """The fragments that its headings can be linked by."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


def links(page: Path) -> list[str]:
    """Targets of links and pictures, but for those on the web."""
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return [target for target in targets if not target.startswith(("http://", "https://"))]


def rows(page: str, heading: str = "") -> dict[str, list[str]]:
    """Table rows of a page, or of the section under `heading`: first cell to the other cells."""
    part = text(page)
    if heading:
        after = part.partition(f" {heading}\n")[2]
        part = re.split(r"^#+ ", after, maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line.split("|")[1:-1] for line in part.splitlines() if line.startswith("| `")]
    return {
        first.strip().replace("`", ""): [cell.strip() for cell in rest] for first, *rest in lines
    }
