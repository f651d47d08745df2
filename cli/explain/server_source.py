"""Photos explained by a server, several at a time; overlays are drawn here from its maps."""

from collections.abc import Sequence
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cli.errors import MISSING, CommandError
from cli.explain.source import ExplainedPhoto, ExplainOptions, LoadedPhoto
from cli.output import warn
from cli.report.classes import Descriptions
from cropshield_client import (
    AccessDenied,
    CropShield,
    InvalidResponse,
    Job,
    JobFailed,
    NotFound,
    ProblemError,
    RetryPolicy,
    Unreachable,
)
from engine.photos.decode import decode
from pictures.maps import Map

_SIDE = 448
_SHORT_RETRY = RetryPolicy(deadline=3)


class ServerSource:
    """Jobs are `bulk`, so that photos of people at the server's page go first."""

    threads = 8

    def __init__(self, options: ExplainOptions, address: str, api_key: str | None = None) -> None:
        self._client, self._address = CropShield(address, api_key=api_key), address
        self._first = CropShield(address, api_key=api_key, retry=_SHORT_RETRY)
        self._id = options.model
        self._asked: dict[str, Any] = {
            "model": options.model,
            "top_k": options.top_k,
            "method": options.method,
        }

    @cached_property
    def model(self) -> dict[str, str]:
        """Raises CommandError where the server or the model does not exist."""
        cards = {card["id"]: card for card in self._greet()}
        if self._id not in cards:
            known = ", ".join(sorted(cards))
            raise CommandError(
                f"{self._address} has no model {self._id!r}; it has {known}", MISSING
            )
        return {name: cards[self._id][name] for name in ("id", "version", "weights_sha256")}

    def _greet(self) -> list[dict[str, Any]]:
        """The models. Fails at once, not after minutes, where no server answers."""
        try:
            return self._first.models()
        except Unreachable as error:
            words = f"no server answers at {self._address}; start one with make serve"
            raise CommandError(words, MISSING) from error
        except (NotFound, InvalidResponse) as error:
            words = f"what answers at {self._address} is not CropShield"
            raise CommandError(words, MISSING) from error
        except ProblemError as error:
            raise CommandError(f"{self._address}: {error}", MISSING) from error

    @cached_property
    def descriptions(self) -> Descriptions:
        """A report is written without them where the server has none to give, and says so."""
        try:
            found = self._first.classes(self._id)
        except (ProblemError, InvalidResponse, Unreachable) as error:
            warn([f"the report does not say what the classes are: {self._address}: {error}"])
            return {}
        return {one.class_name: one for one in found}

    def open(self) -> None:
        """Nothing to load here."""

    def load(self, path: Path) -> LoadedPhoto:
        """Raises CommandError when the server is gone, else the error about the photo."""
        data = path.read_bytes()
        photo = decode(data, min_side=_SIDE)
        return LoadedPhoto(photo, self._ask(self._explained, data))

    def explain(self, loaded: Sequence[LoadedPhoto]) -> list[ExplainedPhoto]:
        return [one.answer for one in loaded]

    def describe(self, loaded: LoadedPhoto, explained: ExplainedPhoto) -> ExplainedPhoto:  # noqa: ARG002 - as the others
        return explained

    def _explained(self, data: bytes) -> ExplainedPhoto:
        job = self._client.submit(data, wait=25, priority="bulk", **self._asked)
        job = job if job.is_done else self._client.wait(job)
        if not job.succeeded:
            raise JobFailed(job)
        result: dict[str, Any] = job.raw["result"]
        ranks = range(len(result["explanations"]))
        return ExplainedPhoto(result, tuple(self._map(job, rank) for rank in ranks))

    def _map(self, job: Job, rank: int) -> Map:
        with Image.open(BytesIO(self._client.heatmap(job, rank=rank))) as grey:
            return np.asarray(grey.convert("L"), np.float32) / np.float32(255)

    def _ask(self, call: Any, *given: Any) -> Any:
        try:
            return call(*given)
        except (Unreachable, InvalidResponse, AccessDenied) as error:
            raise CommandError(f"{self._address}: {error}", MISSING) from error
