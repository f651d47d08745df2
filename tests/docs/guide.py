"""The pages of the guide, run block by block in the current folder.

The blocks of a page share their names, as if they were pasted one after the other. The text
block right below a Python block shows what it prints, warns of and raises.
"""

import io
import re
import traceback
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import ROOT, links

GUIDE = sorted((ROOT / "docs/guide").glob("*.md"))
_HOME = "/home/you"
_STEP = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", re.MULTILINE | re.DOTALL)
_FIGURE = re.compile(r"-?\d+\.\d+|\d+(?=%)")


@dataclass(frozen=True)
class Step:
    """`line`: of the page, before the code. `shown`: what the page says comes of it."""

    code: str
    line: int
    shown: str


def steps(page: Path) -> list[Step]:
    text = page.read_text("utf-8")
    return [
        Step(found[1], text.count("\n", 0, found.start(1)), found[2] or "")
        for found in _STEP.finditer(text)
    ]


def run(page: Path) -> Iterator[tuple[Step, str]]:
    """Each step and what came of it; the bundled model is put into the current folder."""
    Path("models").symlink_to(ROOT / "models")
    names: dict[str, object] = {"__name__": "__main__"}
    for step in steps(page):
        yield step, _run(page, step, names).replace(str(Path.cwd()), _HOME)


def pictures(page: Path) -> list[Path]:
    """The files in docs/images that a page shows."""
    return [(page.parent / link).resolve() for link in links(page) if "/images/" in link]


def same(shown: str, said: str) -> bool:
    """Whether both are equal but for figures: shares within 0.05, per cents within 5."""
    if _FIGURE.sub("#", shown) != _FIGURE.sub("#", said):
        return False
    pairs = zip(_FIGURE.findall(shown), _FIGURE.findall(said), strict=True)
    return all(abs(float(a) - float(b)) <= (0.05 if "." in a else 5) for a, b in pairs)


def _run(page: Path, step: Step, names: dict[str, object]) -> str:
    program = compile("\n" * step.line + step.code, str(page), "exec")
    out = io.StringIO()
    with redirect_stdout(out), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            exec(program, names)  # noqa: S102 -- the project's own pages
        except Exception as error:
            if not step.shown:
                raise
            out.writelines(traceback.format_exception_only(error))
    told = [f"{warning.category.__name__}: {warning.message}\n" for warning in warned]
    return "".join(told) + out.getvalue()
