"""What the allocator of a worker keeps, and for how long."""

import platform
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="asks glibc")
SCRIPT = """
    import ctypes, time
    import psutil
    from workers.allocator import keep_freed_memory, return_unused_memory
    keep_freed_memory()
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    me = psutil.Process()
    before = me.memory_info().rss
    blocks = [libc.malloc(1_000_000) for _ in range(200)]
    for block in blocks:
        ctypes.memset(block, 1, 1_000_000)
    for block in blocks:
        libc.free(block)
    print(me.memory_info().rss - before)
    return_unused_memory(seconds=0.05)
    end = time.monotonic() + 300
    while me.memory_info().rss - before > 100_000_000 and time.monotonic() < end:
        time.sleep(0.05)
    print(me.memory_info().rss - before)
"""


def test_freed_memory_is_kept_for_the_next_batch_and_given_back_by_and_by() -> None:
    argv = [sys.executable, "-c", textwrap.dedent(SCRIPT)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=500, check=True)
    kept, returned = map(int, done.stdout.split())
    assert kept > 190_000_000
    assert returned < 100_000_000
