"""The queue's state changes, each one atomic Lua script on Redis time."""

from pathlib import Path


def source(name: str) -> str:
    """The text of a script."""
    return (Path(__file__).parent / f"{name}.lua").read_text("utf-8")
