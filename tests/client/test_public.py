"""What the package offers, and that both clients are the same client."""

import re
from pathlib import Path

import cropshield_client
from cropshield_client import aio, sync


def test_the_public_names_are_few_and_sorted() -> None:
    assert sorted(cropshield_client.__all__) == cropshield_client.__all__
    assert all(hasattr(cropshield_client, name) for name in cropshield_client.__all__)


def test_both_clients_have_the_same_words() -> None:
    def plain(module: object) -> str:
        code = Path(str(module.__file__)).read_text("utf-8")  # type: ignore[attr-defined]
        code = code[code.index("    def __init__") :]
        for word in ("async ", "await ", "asyncio.", "time.", "_async", "Async", "to_thread"):
            code = code.replace(word, "")
        for word in ("aenter", "aexit", "aclose", "aread"):
            code = code.replace(word, word[1:])
        return re.sub(r"[\s(),]+", " ", code)

    assert plain(sync) == plain(aio)
