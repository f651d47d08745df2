"""What the package offers, and that both of its clients are one."""

import pytest

import cropshield_client
from scripts.sync_client import FOLDER, SYNC_FILES, sync_source


def test_the_public_names_are_few_and_sorted() -> None:
    assert sorted(cropshield_client.__all__) == cropshield_client.__all__
    assert all(hasattr(cropshield_client, name) for name in cropshield_client.__all__)


@pytest.mark.parametrize("name", SYNC_FILES)
def test_what_waits_is_made_of_what_is_to_be_awaited(name: str) -> None:
    assert (FOLDER / SYNC_FILES[name]).read_text("utf-8") == sync_source(name)
