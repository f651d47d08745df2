"""A terminal is closed under a worker that was started by hand."""

import signal

import pytest

from tests.service.conftest import START_SECONDS, Service
from tests.service.test_photo_to_overlay import jpeg, submit

pytestmark = pytest.mark.service


def test_a_closed_terminal_stops_a_worker_unless_nohup_has_it_ignored(service: Service) -> None:
    service.start_api()
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where the tests run under `nohup`
    try:
        heeding = service.start_worker()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does for its children
        ignoring = service.start_worker()
    finally:
        signal.signal(signal.SIGHUP, before)
    for worker in (heeding, ignoring):
        worker.send_signal(signal.SIGHUP)
    assert heeding.wait(START_SECONDS) == 0
    assert service.end_of(submit(service, jpeg(9)))["state"] == "succeeded"
    assert ignoring.poll() is None
