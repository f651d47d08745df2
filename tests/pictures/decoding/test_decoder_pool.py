"""decoding/decoder_pool.py: what a photo may cost, and what becomes of one that costs more."""

import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from pictures.decoding import decoder_pool
from pictures.decoding.decode import decode
from pictures.decoding.decoder_pool import DecoderPool, NoDecoder
from pictures.errors import PhotoError, TooComplex, TooManyPixels, UndecodablePhoto
from tests.pictures.files import SUFFIXES, file_of, scene


@pytest.fixture
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(processes=1) as made:
        yield made


def children() -> list[psutil.Process]:
    """Those that decode."""
    found = psutil.Process().children()
    return [each for each in found if "pictures.decoding.decoder_process" in each.cmdline()]


@pytest.mark.parametrize("kind", SUFFIXES)
def test_the_pool_decodes_as_the_decoder_does(pool: DecoderPool, kind: str) -> None:
    data = file_of(scene(300, 200), kind)
    found, expected = pool.decode(data, min_side=100), decode(data, min_side=100)
    np.testing.assert_array_equal(found.pixels, expected.pixels)
    assert (found.width, found.height, found.format) == (300, 200, expected.format)


def test_what_a_header_bounds_needs_no_process(pool: DecoderPool) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        pool.decode(file_of(scene(), kind), min_side=100)
    assert not children()
    pool.decode(file_of(scene(), "AVIF"), min_side=100)
    pool.decode(file_of(scene(), "HEIF"), min_side=100)
    assert len(children()) == 1


def test_errors_are_the_same_in_another_process(pool: DecoderPool) -> None:
    data = file_of(scene(300, 200), "AVIF")
    cut = data[: len(data) * 3 // 4]
    with pytest.raises(UndecodablePhoto) as alone:
        decode(cut, min_side=100)
    with pytest.raises(UndecodablePhoto) as apart:
        pool.decode(cut, min_side=100)
    assert str(alone.value) == str(apart.value)
    with pytest.raises(TooManyPixels, match="300 x 200 = 60,000 pixels; the limit is 50,000"):
        pool.decode(data, min_side=100, max_pixels=50_000)


def test_too_much_memory_is_the_photos_error_and_the_process_goes_on(
    pool: DecoderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A TIFF whose JPEG tells of more pixels than its header does."""
    monkeypatch.setattr(decoder_pool, "IN_PLACE", 0)
    monkeypatch.setattr(pool, "_memory", -80 * 1024 * 1024)
    large = file_of(Image.new("RGB", (5000, 4000)), "PNG")
    with pytest.raises(TooComplex, match=r"limit is \d+ MB of memory"):
        pool.decode(large, min_side=100)
    (before,) = children()
    monkeypatch.setattr(pool, "_memory", decoder_pool.MEMORY)
    assert pool.decode(large, min_side=100).width == 5000
    assert children() == [before]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator")
def test_what_a_photo_took_goes_back_to_the_system(
    pool: DecoderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_pool, "IN_PLACE", 0)
    pool.decode(file_of(scene(), "PNG"), min_side=100)
    (process,) = children()
    before = process.memory_info().rss
    for size, kind in (((3000, 3000), "TIFF"), ((8000, 5000), "PNG")):
        data = file_of(Image.new("RGB", size), kind)
        pool.decode(data, min_side=512, min_long_side=960)
    assert process.memory_info().rss < before + 60_000_000


def test_too_many_seconds_are_the_photos_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_pool, "IN_PLACE", 0)
    slow = file_of(Image.new("RGB", (8000, 8000)), "PNG", compress_level=1)
    with DecoderPool(processes=1, seconds=-1) as pool:
        start = time.process_time()
        with pytest.raises(TooComplex, match="limit is -1 s of processor time"):
            pool.decode(slow, min_side=100)
        assert time.process_time() - start < 5
    with DecoderPool(processes=1) as pool:
        assert pool.decode(file_of(scene(), "PNG"), min_side=100).width == 60


def test_a_process_that_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with DecoderPool(processes=1) as pool:
        pool.decode(file_of(scene(), "AVIF"), min_side=100)
        (process,) = children()
        process.suspend()
        with monkeypatch.context() as impatient:
            impatient.setattr(decoder_pool, "WALL_SECONDS", 1.0)
            with pytest.raises(TooComplex, match="limit is 1 s"):
                pool.decode(file_of(scene(), "AVIF"), min_side=100)
        assert pool.decode(file_of(scene(), "AVIF"), min_side=100).width == 60


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (signal.SIGKILL, TooComplex, "memory of this machine"),
        (signal.SIGSEGV, UndecodablePhoto, "-11"),
    ],
)
def test_a_process_that_dies_is_replaced(
    pool: DecoderPool,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    kind: type[PhotoError],
    said: str,
) -> None:
    """It dies once it has been asked."""
    data = file_of(scene(), "HEIF")
    pool.decode(data, min_side=100)
    (process,) = children()
    process.suspend()
    poll = Connection.poll

    def end(connection: Any, seconds: float) -> bool:
        process.send_signal(number)
        process.resume()
        return poll(connection, seconds)

    with monkeypatch.context() as asked:
        asked.setattr(Connection, "poll", end)
        with pytest.raises(kind, match=said):
            pool.decode(data, min_side=100)
    assert pool.decode(data, min_side=100).width == 60


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_to_the_group_end_no_photo(pool: DecoderPool, number: signal.Signals) -> None:
    data = file_of(scene(), "AVIF")
    pool.decode(data, min_side=100)
    (process,) = children()
    process.send_signal(number)
    assert pool.decode(data, min_side=100).width == 60
    assert children() == [process]


def test_a_process_has_no_secrets(pool: DecoderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROPSHIELD_S3_SECRET", "s3cret")
    pool.decode(file_of(scene(), "AVIF"), min_side=100)
    (process,) = children()
    assert not any("CROPSHIELD" in name for name in process.environ())


ASKER = """
import sys, psutil
from pictures.decoding.decoder_pool import DecoderPool, NoDecoder
pool = DecoderPool(processes=1)
pool.decode(sys.stdin.buffer.read(), min_side=100)
print(psutil.Process().children()[0].pid, flush=True)
psutil.Process().kill()
"""


def test_no_process_outlives_the_one_that_asks() -> None:
    program = [sys.executable, "-c", ASKER]
    asked = subprocess.run(
        program, input=file_of(scene(), "AVIF"), capture_output=True, check=False
    )
    assert asked.returncode == -signal.SIGKILL, asked.stderr
    pid = int(asked.stdout)
    while _lives(pid):  # as long as a test may take
        time.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_where_no_process_starts_nothing_is_wrong_with_the_photo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = file_of(scene(), "AVIF")
    with DecoderPool(processes=1) as pool:
        for program in ("/nowhere/python", "/bin/false"):
            monkeypatch.setattr(sys, "executable", program)
            with pytest.raises(NoDecoder):
                pool.decode(data, min_side=100)
        monkeypatch.undo()
        assert pool.decode(data, min_side=100).width == 60


def test_a_photo_for_which_this_process_has_no_memory_is_decoded_in_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def out_of_memory(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr(decoder_pool, "decode_from", out_of_memory)
    with DecoderPool(processes=1) as pool:
        assert pool.decode(file_of(scene(), "JPEG"), min_side=100).width == 60


def test_photos_that_take_much_wait_for_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = []
    busy, two = threading.Semaphore(0), threading.Barrier(2)

    def slowly(*_: object) -> object:
        busy.release()
        at_once.append(busy._value)
        two.wait(300)
        time.sleep(0.05)  # in which a third one could come
        busy.acquire()
        return None

    monkeypatch.setattr(decoder_pool, "decode_from", slowly)
    data = file_of(Image.new("RGB", (1000, 1000)), "PNG")  # about 8 MB each
    with DecoderPool(memory=20_000_000) as pool, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: pool.decode(data, min_side=100), range(12)))
    assert max(at_once) == 2
