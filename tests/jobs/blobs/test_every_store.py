"""What every store of blobs keeps to."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from jobs.blobs import open_blobs
from jobs.errors import BlobMissing
from jobs.ports import BlobStore
from jobs.records.job import new_id
from jobs.settings import SharedSettings

BYTES = bytes(range(256)) * 300
ONE, TWO, FAR = (f"{start}{new_id()[2:]}" for start in ("ab", "ab", "fe"))


def test_what_was_put_is_got_and_can_be_put_anew(blobs: BlobStore) -> None:
    blobs.put(ONE, "photo.jpg", b"1")
    blobs.put(ONE, "photo.jpg", BYTES)
    assert blobs.get(ONE, "photo.jpg") == BYTES
    assert type(blobs.get(ONE, "photo.jpg")) is bytes


def test_an_empty_blob_is_a_blob(blobs: BlobStore) -> None:
    blobs.put(ONE, "empty", b"")
    assert blobs.has(ONE, "empty")
    assert blobs.get(ONE, "empty") == b""


def test_several_are_put_at_once(blobs: BlobStore) -> None:
    blobs.put_all(ONE, {"a": b"1", "b": BYTES})
    assert (blobs.get(ONE, "a"), blobs.get(ONE, "b")) == (b"1", BYTES)


def test_what_one_process_puts_another_gets(blobs: BlobStore, settings: SharedSettings) -> None:
    blobs.put(ONE, "photo.jpg", BYTES)
    assert open_blobs(settings).get(ONE, "photo.jpg") == BYTES


def test_a_missing_blob_is_named(blobs: BlobStore) -> None:
    blobs.put(ONE, "photo.jpg", b"1")
    for job_id, name in ((ONE, "x"), (TWO, "photo.jpg")):
        assert not blobs.has(job_id, name)
        with pytest.raises(BlobMissing, match=f"{job_id} has no stored {name}"):
            blobs.get(job_id, name)


def test_deleting_twice_is_fine(blobs: BlobStore) -> None:
    blobs.put_all(ONE, {"a": b"1", "b": b"2"})
    blobs.delete(ONE, "a")
    blobs.delete(ONE, "a")
    assert not blobs.has(ONE, "a")
    assert blobs.has(ONE, "b")


def test_one_name_is_deleted_of_many_jobs(blobs: BlobStore) -> None:
    for job_id in (ONE, TWO):
        blobs.put_all(job_id, {"a": b"1", "b": b"2"})
    blobs.delete_each([ONE, FAR, TWO], "a")
    blobs.delete_each([], "a")
    assert [blobs.has(job_id, "a") for job_id in (ONE, TWO)] == [False, False]
    assert [blobs.has(job_id, "b") for job_id in (ONE, TWO)] == [True, True]


def test_erasing_takes_everything_of_one_job_and_nothing_else(blobs: BlobStore) -> None:
    for job_id in (ONE, TWO):
        blobs.put_all(job_id, {"a": b"1", "b": b"2"})
    blobs.erase(ONE)
    blobs.erase_each([ONE, FAR])
    blobs.erase_each([])
    assert not blobs.has(ONE, "a")
    assert not blobs.has(ONE, "b")
    assert blobs.has(TWO, "a")
    assert blobs.list_jobs("a") == [TWO]


def test_jobs_are_listed_by_the_first_character_of_their_ids(blobs: BlobStore) -> None:
    assert blobs.list_jobs("a") == []
    for job_id in (ONE, TWO, FAR):
        blobs.put_all(job_id, {"a": b"1", "b": b"2"})
    assert sorted(blobs.list_jobs("a")) == sorted([ONE, TWO])
    assert blobs.list_jobs("f") == [FAR]
    assert blobs.list_jobs("0") == []


def test_a_store_that_works_says_so_and_lists_no_traces_of_it(blobs: BlobStore) -> None:
    blobs.check()
    assert blobs.remove_partial_writes() == 0
    assert not [job_id for shard in "0123456789abcdef" for job_id in blobs.list_jobs(shard)]


def test_threads_do_not_mix_their_blobs(blobs: BlobStore) -> None:
    def there_and_back(number: int) -> bool:
        blobs.put_all(ONE, {f"{number}-{part}": b"%d" % number * 5000 for part in range(3)})
        return blobs.get(ONE, f"{number}-2") == b"%d" % number * 5000

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(there_and_back, range(24)))
