"""The queue's state changes, each one atomic Lua script on Redis time."""

from pathlib import Path

from jobs.redis.keyspace import SCHEMA

_FOLDER = Path(__file__).parent


def load_script(name: str) -> str:
    """The text of a script, after the prelude that all of them share."""
    parts = ((_FOLDER / f"{part}.lua").read_text("utf-8") for part in ("prelude", name))
    return "\n".join((f"local SCHEMA = {SCHEMA}", *parts))
