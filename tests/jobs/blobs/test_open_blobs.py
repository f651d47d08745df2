"""Which store a setting names, and what is said of a wrong one."""

import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from jobs.blobs import open_blobs
from jobs.errors import BlobsFailed
from jobs.settings import SharedSettings


def test_blobs_are_in_the_state_folder_when_nothing_is_said(home: Path) -> None:
    open_blobs(SharedSettings(home=home)).put("abcd", "x", b"1")
    open_blobs(SharedSettings(home=home, blobs="")).put("abcd", "y", b"2")
    assert sorted(path.name for path in (home / "blobs/abc").iterdir()) == ["abcd.x", "abcd.y"]


@pytest.mark.parametrize(
    "value", ["Disk", "redis://x", "s3:", "s3://", "s3:///prefix", "s3://Leaves", "http://leaves"]
)
def test_a_wrong_value_is_refused_with_what_is_right(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROPSHIELD_BLOBS", value)
    with pytest.raises(ValidationError, match="none of disk, redis, s3://bucket or s3://bucket/"):
        SharedSettings()


def test_a_bucket_without_its_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.delitem(sys.modules, "jobs.blobs.s3", raising=False)
    with pytest.raises(BlobsFailed, match=r"s3://leaves needs .* pip install 'cropshield\[s3\]'"):
        open_blobs(SharedSettings(blobs="s3://leaves"))
