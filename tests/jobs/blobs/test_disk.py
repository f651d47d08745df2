"""Blobs on disk."""

from pathlib import Path

import pytest

from jobs.blobs.disk import DiskBlobs
from jobs.errors import BlobMissing, BlobsFailed


def test_what_was_put_is_got(home: Path) -> None:
    blobs = DiskBlobs(home)
    blobs.put("abcd", "photo.jpg", b"1")
    blobs.put("abcd", "photo.jpg", b"22")
    assert blobs.get("abcd", "photo.jpg") == b"22"
    assert [path.name for path in home.rglob("*") if path.is_file()] == ["photo.jpg"]


def test_a_missing_blob_is_named(home: Path) -> None:
    with pytest.raises(BlobMissing, match="abcd has no stored x"):
        DiskBlobs(home).get("abcd", "x")


def test_deleting_twice_is_fine(home: Path) -> None:
    blobs = DiskBlobs(home)
    blobs.put("abcd", "x", b"1")
    blobs.delete("abcd", "x")
    blobs.delete("abcd", "x")
    with pytest.raises(BlobMissing):
        blobs.get("abcd", "x")


def test_a_folder_that_cannot_be_written_is_a_clear_error(home: Path) -> None:
    home.write_text("a file where the folder should be")
    with pytest.raises(BlobsFailed, match="Not a directory"):
        DiskBlobs(home).put("abcd", "x", b"1")
    with pytest.raises(BlobsFailed, match="exists"):
        DiskBlobs(home).check()


def test_a_write_that_fails_leaves_the_old_content(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = DiskBlobs(home)
    blobs.put("abcd", "x", b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("jobs.blobs.disk.os.fsync", full)
    with pytest.raises(BlobsFailed, match="cannot store 3 bytes: No space left"):
        blobs.put("abcd", "x", b"new")
    assert blobs.get("abcd", "x") == b"old"
    assert [path.name for path in (home / "ab" / "abcd").iterdir()] == ["x"]
