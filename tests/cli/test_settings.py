"""A wrong setting is one sentence that names the variable, its value and what is right."""

import subprocess
import sys

import pytest

from cli.errors import CommandError
from cli.settings import read
from workers.settings import WorkerSettings


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CROPSHIELD_BATCH_SIZE", "-1", "CROPSHIELD_BATCH_SIZE=-1: .* greater than or equal to 0"),
        ("CROPSHIELD_BLOBS", "ftp://x", "CROPSHIELD_BLOBS=ftp://x: .* none of disk, redis, s3://"),
        ("CROPSHIELD_REDIS_URL", "http://a", "CROPSHIELD_REDIS_URL=http://a: .* none of redis://"),
        (
            "CROPSHIELD_REDIS_URL",
            "redis+sentinel://:secret@a:1",
            "CROPSHIELD_REDIS_URL=redis[+]sentinel://:[*]{3}@a:1: '' is no name of a primary",
        ),
        ("CROPSHIELD_WARM_MODELS", "x", '"warm_models" .* it must be JSON'),
    ],
)
def test_a_wrong_setting_is_named_with_the_reason(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CommandError, match=sentence):
        read(WorkerSettings)


def test_a_command_with_a_wrong_setting_shows_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROPSHIELD_BLOBS", "redis://x")
    argv = [sys.executable, "-m", "cli", "api"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert done.stderr.startswith("cropshield: CROPSHIELD_BLOBS=redis://x: 'redis://x' is none of")
    assert done.stderr.count("\n") == 1
