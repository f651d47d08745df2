"""Notifications that there is work, sent by Celery. They may be lost: the reaper sends them
again."""

import logging
import threading
from typing import Any

from celery import Celery
from kombu.entity import Exchange, Queue

from jobs.redis.connections import broker_options, broker_tls, broker_url
from jobs.settings import SharedSettings

CELERY_TASK, CELERY_QUEUE = "cropshield.drain", "tickets"
log = logging.getLogger(__name__)
_QUEUE: Any = Queue(CELERY_QUEUE, Exchange(CELERY_QUEUE), routing_key=CELERY_QUEUE, no_ack=True)  # type: ignore[no-untyped-call]
_REDIS_OPTIONS = {
    "priority_steps": [0],
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "health_check_interval": 5,
    "visibility_timeout": 60,
}
_AMQP_OPTIONS = {"connect_timeout": 2, "read_timeout": 5, "write_timeout": 5}


def make_celery(settings: SharedSettings) -> Celery:
    """The Celery application of a process; each process makes one, in its composition root."""
    broker_source = settings.broker_url or settings.redis_url
    broker = settings.broker_url or broker_url(settings.redis_url)
    app = Celery("cropshield", broker=broker, set_as_current=False)
    app.conf.update(
        task_acks_late=False,
        task_ignore_result=True,
        task_publish_retry=False,
        task_queues=[_QUEUE],
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport_options(settings),
        broker_use_ssl=broker_tls(broker_source),
    )
    return app


def _transport_options(settings: SharedSettings) -> dict[str, Any]:
    if settings.broker_url.startswith("amqp"):
        return _AMQP_OPTIONS
    return _REDIS_OPTIONS | broker_options(settings.broker_url or settings.redis_url)


def no_ack_strategy(task: Any, app: Celery, consumer: Any) -> Any:
    """Celery's strategy for notifications, which the broker forgets once it has sent them.

    With acknowledgements, one that is lost with a connection ends the worker, or counts against its
    prefetch limit for ever, so that it takes no more notifications.
    """
    from celery.worker.strategy import default

    handle = default(task, app, consumer)

    def take(message: Any, body: Any, _ack: Any, *rest: Any, **more: Any) -> Any:
        return handle(message, body, _no_ack, *rest, **more)

    return take


def _no_ack(*_: Any) -> None:
    """Nothing to acknowledge."""


class CeleryNotifier:
    """A Notifier with a thread of its own, so that no caller waits for the broker."""

    def __init__(self, app: Any) -> None:
        self._app, self._pending, self._stopped = app, threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
        self._thread.start()

    def notify(self) -> None:
        """Calls before a message is sent share that message."""
        self._pending.set()

    def close(self) -> None:
        self._stopped = True
        self._pending.set()
        self._thread.join(timeout=3)

    def _run(self) -> None:
        while self._pending.wait() and not self._stopped:
            self._pending.clear()
            try:
                self._app.send_task(CELERY_TASK, queue=CELERY_QUEUE, expires=30, retry=False)
            except Exception as error:  # noqa: BLE001 - the reaper notifies again within seconds
                log.warning("workers not notified, the reaper will try again: %s", error)
