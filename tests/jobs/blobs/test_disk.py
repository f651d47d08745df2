"""Blobs on disk."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.blobs.disk import PARTS, DiskBlobs
from jobs.errors import BlobsFailed


def test_what_was_put_is_got(home: Path) -> None:
    blobs = DiskBlobs(home)
    blobs.put("abcd", "photo.jpg", b"1")
    blobs.put("abcd", "photo.jpg", b"22")
    assert blobs.get("abcd", "photo.jpg") == b"22"
    assert [path.name for path in home.rglob("*") if path.is_file()] == ["abcd.photo.jpg"]


def test_a_job_is_erased_and_not_those_that_share_its_folder(home: Path) -> None:
    blobs = DiskBlobs(home)
    for job_id in ("abcd", "abce", "abcde", "afcd"):
        blobs.put_all(job_id, {"original": b"1", "maps-1.npy": b"2"})
    assert sorted(blobs.list_jobs("a")) == ["abcd", "abcde", "abce", "afcd"]
    blobs.erase_each(["abcd", "afcd", "feed"])
    assert sorted(blobs.list_jobs("a")) == ["abcde", "abce"]
    assert blobs.get("abcde", "maps-1.npy") == b"2"


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
    assert [path.name for path in (home / "abc").iterdir()] == ["abcd.x"]


def test_of_blobs_stored_together_one_that_fails_leaves_all_as_they_were(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs, fsync = DiskBlobs(home), os.fsync
    blobs.put_all("abcd", {"a": b"old a", "b": b"old b"})

    def full(handle: int) -> None:
        if os.pread(handle, 5, 0) == b"new b":
            raise OSError(28, "No space left on device")
        fsync(handle)

    monkeypatch.setattr("jobs.blobs.disk.os.fsync", full)
    with pytest.raises(BlobsFailed, match="cannot store 10 bytes: No space left"):
        blobs.put_all("abcd", {"a": b"new a", "b": b"new b"})
    assert [blobs.get("abcd", name) for name in "ab"] == [b"old a", b"old b"]
    assert not list((home / PARTS).iterdir())


def test_what_older_versions_stored_is_found_after_a_check(home: Path) -> None:
    for name, data in (("original", b"1"), ("photo.jpg", b"2")):
        old = home / "ab" / "abcd" / name
        old.parent.mkdir(parents=True, exist_ok=True)
        old.write_bytes(data)
    blobs = DiskBlobs(home)
    blobs.put("abce", "original", b"3")
    for _ in range(2):
        blobs.check()
        assert blobs.get("abcd", "original") == b"1"
        assert blobs.get("abcd", "photo.jpg") == b"2"
        assert sorted(blobs.list_jobs("a")) == ["abcd", "abce"]
    assert not (home / "ab").exists()


_WRITER = """
import sys
from pathlib import Path
from jobs.blobs.disk import DiskBlobs
blobs, data = DiskBlobs(Path(sys.argv[1])), bytes(range(256)) * 40_000
print("writing", flush=True)
while True:
    for name in "abcdefgh":
        blobs.put("abcd", name, data)
"""


def _write_until_killed(home: Path, seconds: float) -> None:
    argv = [sys.executable, "-c", _WRITER, str(home)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(seconds)
        writer.kill()


def test_a_kill_in_mid_write_leaves_no_half_blob_and_the_part_is_swept(home: Path) -> None:
    parts, whole = home / PARTS, bytes(range(256)) * 40_000
    for attempt in range(20):
        _write_until_killed(home, 0.05 + 0.013 * attempt)
        for path in home.glob("abc/*"):  # there is no folder before the first blob
            assert path.read_bytes() == whole, path
        if attempt >= 3 and any(parts.glob("*")):
            break
    left = list(parts.glob("*"))
    assert left, "no kill came in mid-write"
    blobs = DiskBlobs(home)
    assert blobs.remove_partial_writes() == 0, "a part may still be in the making"
    for part in left:
        os.utime(part, (0, 0))
    assert blobs.remove_partial_writes() == len(left)
    assert not list(parts.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc what a handle is")
def test_bytes_and_names_are_synced_before_put_returns(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, fsync = [], os.fsync

    def watched(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())
        fsync(handle)

    monkeypatch.setattr("jobs.blobs.disk.os.fsync", watched)
    DiskBlobs(home).put_all("abcd", {"a": b"1", "b": b"2"})
    files, folders = synced[:2], synced[2:]
    assert {path.parent for path in files} == {home / PARTS}
    assert folders == [home / "abc", home, home.parent]
    synced.clear()
    DiskBlobs(home).put("abcd", "c", b"3")
    assert synced[1:] == [home / "abc"]
