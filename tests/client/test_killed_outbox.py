"""An outbox on a real server: whoever sends is killed at the worst moments."""

import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from cropshield_client import CropShield, Outbox
from tests.client.test_real_server import tiny
from tests.lossy_proxy import lossy_proxy
from tests.service.conftest import START_SECONDS

pytestmark = pytest.mark.service
KILLS = 20
SENDER = """
import sys
from cropshield_client import CropShield, Outbox

with CropShield(sys.argv[1]) as client:
    Outbox(client, sys.argv[2]).send()
"""


def test_photos_become_one_job_each_though_the_sender_is_killed_twenty_times(
    address: str, tmp_path: Path
) -> None:
    path, reference = tmp_path / "outbox.sqlite", f"killed-{uuid.uuid4()}"
    with CropShield(address) as client, lossy_proxy(address) as proxy:
        outbox, proxy.holds = Outbox(client, path), True
        chosen = [outbox.add(tiny(3000 + it), client_ref=reference).id for it in range(KILLS)]
        for number in range(KILLS):
            proxy.forwards = number % 2 == 0
            proxy.lost.clear()
            with subprocess.Popen([sys.executable, "-c", SENDER, proxy.address, path]) as sender:
                assert proxy.lost.wait(START_SECONDS)
                sender.kill()
            assert sender.returncode == -signal.SIGKILL
            accepted = len(list(client.jobs(client_ref=reference)))
            unaware = accepted + len(outbox.items("waiting")) - KILLS
            assert unaware == proxy.forwards, "the server has one that still waits"
        outbox.send()
        while outbox.items("sent"):
            outbox.receive(wait=25)
        assert [item.id for item in outbox.items("answered")] == chosen
        assert sorted(job.id for job in client.jobs(client_ref=reference)) == sorted(chosen)
