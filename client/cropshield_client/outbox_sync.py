"""The outbox that waits. Made of `outbox_aio.py` by `python -m scripts.sync_client`."""

from pathlib import Path
from typing import Any

from cropshield_client import endpoints, flows
from cropshield_client.endpoints import Photo, Request
from cropshield_client.errors import CropShieldError, ProblemError, ServerFailed
from cropshield_client.outbox import FAILED, SENT, WAITING, OutboxFile, OutboxItem, is_refusal
from cropshield_client.sync import CropShield


class Outbox:
    """Photos that are kept in a file until a server has them, each sent exactly once.

    Every photo has an id, which its job will have too: however often it is sent, by however many
    processes, it is one job. `path`: a SQLite file, for one server alone. `max_bytes`: of the
    photos that are kept; those that are answered are not.

    Every method raises OutboxFailed for a file that cannot be used, OutboxFull for a full disk.
    """

    def __init__(
        self, client: CropShield, path: str | Path, *, max_bytes: int = 1_000_000_000
    ) -> None:
        self._client, self._file = client, OutboxFile(path, max_bytes)

    def add(
        self,
        photo: Photo,
        *,
        id: str | None = None,  # noqa: A002 - as the server calls it
        **options: Any,
    ) -> OutboxItem:
        """Keep a photo until it is sent: its bytes, a path or an open file. It is on the disk when
        this returns, made smaller by the client's `shrink`.

        `id`: a UUID of your own; adding the same again changes nothing. `options`: those of
        `POST /v1/jobs`. Raises OutboxFull when there is no room; ValueError for an id that is no
        UUID, or that of another photo.
        """
        data = endpoints.read_photo(photo, self._client._shrink)
        return self._file.add(data, options, id)

    def send(self) -> int:
        """Send what waits, the oldest first; how many photos the server has taken now.

        A photo that the server refuses becomes `failed`. Raises what keeps photos waiting:
        Unreachable, AccessDenied, RateLimited, Unavailable, InvalidResponse at once; ServerFailed
        when the others have been sent. Call it again whenever you like.
        """
        taken, failure = 0, None
        for item in self._file.items(WAITING):
            photo = self._file.unsent_photo(item.id)
            if photo is None:
                continue
            try:
                request = endpoints.submit(photo, item.options, item.id)
                taken += self._ask(item, request) != FAILED
            except ServerFailed as error:
                failure = error
        if failure:
            raise failure
        return taken

    def receive(self, wait: float = 0) -> int:
        """Ask for the answers of what was sent; how many photos are done now.

        `wait`: seconds to wait for each job that has not ended, 25 at most. Raises ProblemError,
        Unreachable, InvalidResponse; what was not asked for then stays `sent`.
        """
        done = 0
        for item in self._file.items(SENT):
            request = endpoints.get(f"/v1/jobs/{item.id}", wait=wait)
            done += self._ask(item, request) != SENT
        return done

    def items(self, state: str | None = None) -> list[OutboxItem]:
        """What is there, the oldest first; of one state: waiting, sent, answered or failed."""
        return self._file.items(state)

    def photo(self, item: OutboxItem | str) -> bytes | None:
        """The photo as it is kept; None once it is answered. Raises LookupError."""
        return self._file.photo(_id(item))

    def retry(self, item: OutboxItem | str, **options: Any) -> OutboxItem:
        """Have a failed photo wait again, for a new job with a new id; `options`, if any, replace
        those that it had. Raises LookupError; ValueError for one that has not failed."""
        return self._file.retry(_id(item), options)

    def remove(self, item: OutboxItem | str) -> None:
        """Forget a photo, whatever its state; a job that it has stays. Raises LookupError."""
        self._file.remove(_id(item))

    def _ask(self, item: OutboxItem, request: Request) -> str:
        """The state that the item has by the server's answer."""
        try:
            job = self._client._run(flows.job(request, self._client._retry))
        except CropShieldError as error:
            refused = isinstance(error, ProblemError) and is_refusal(error)
            self._file.note(item.id, error, failed=refused)
            if not refused:
                raise
            return FAILED
        return self._file.record(item.id, job)


def _id(item: OutboxItem | str) -> str:
    return item if isinstance(item, str) else item.id
