"""A progress bar on stderr, if that is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Advance = Callable[[], object]


@contextmanager
def progress(words: str, total: int, *, quiet: bool = False) -> Iterator[Advance]:
    """Yields a function to call after each item. Respects NO_COLOR, as rich does."""
    console = Console(stderr=True)
    columns = TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    hidden = quiet or not console.is_terminal
    with Progress(*columns, console=console, disable=hidden, transient=True) as bar:
        task = bar.add_task(words, total=total)
        yield lambda: bar.advance(task)
