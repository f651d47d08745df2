"""What the package offers, and that both of its clients are one."""

from pathlib import Path

import cropshield_client
from cropshield_client import sync
from scripts.sync_client import sync_source


def test_the_public_names_are_few_and_sorted() -> None:
    assert sorted(cropshield_client.__all__) == cropshield_client.__all__
    assert all(hasattr(cropshield_client, name) for name in cropshield_client.__all__)


def test_the_client_that_waits_is_made_of_the_one_to_be_awaited() -> None:
    assert Path(sync.__file__).read_text("utf-8") == sync_source()
