"""Settings that every process shares; environment variables, read when a process starts."""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from jobs.redis.sentinel_url import SENTINEL_SCHEMES, check_redis_url
from models.catalog import CARDS

LogFormat = Literal["auto", "json", "text"]


def _blob_store(value: str) -> str:
    """Raises ValueError for anything but the three stores."""
    if not re.fullmatch(r"|disk|redis|s3://[a-z0-9][a-z0-9.-]+(/.*)?", value):
        raise ValueError(f"{value!r} is none of disk, redis, s3://bucket or s3://bucket/prefix")
    return value.rstrip("/") or "disk"


def _address(value: str) -> str:
    """Raises ValueError for what is no address, such as one with a / in its password."""
    try:
        parts = urlsplit(value)
        _ = parts.port
        is_address = bool(parts.scheme) or not value
    except ValueError:
        is_address = False
    if not is_address:
        needed = "scheme://user:password@host:port, with / as %2F and @ as %40 in the password"
        raise ValueError(f"it is no address; needed is {needed}")
    return value


def _redis_address(value: str) -> str:
    """Raises ValueError."""
    return check_redis_url(value if value.startswith(SENTINEL_SCHEMES) else _address(value))


class SharedSettings(BaseSettings):
    """Where the state lives. Each name is an environment variable with `CROPSHIELD_` before it."""

    model_config = SettingsConfigDict(
        env_prefix="CROPSHIELD_", frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    home: Path = Path("var")
    """Folder of all state: photos, overlays, the private Redis."""
    blobs: Annotated[str, BeforeValidator(_blob_store)] = "disk"
    """Where photos and results lie: `disk`, a folder in `home`; `redis`; `s3://bucket/prefix`."""
    s3_endpoint: str = ""
    """Address of an S3-compatible server; empty is AWS."""
    redis_url: Annotated[
        str,
        AfterValidator(_redis_address),
        Field(validation_alias=AliasChoices("CROPSHIELD_REDIS_URL", "REDIS_URL")),
    ] = "redis://127.0.0.1:6379/0"
    """Redis with append-only persistence and `noeviction`; `redis://`, `rediss://`, `unix://`, or
    `redis+sentinel://host:port,host:port/name`, by TLS `rediss+sentinel://…`."""
    redis_replicas: Annotated[int, Field(ge=0)] = 0
    """How many replicas of Redis must have what is accepted before it is answered as accepted."""
    broker_url: Annotated[str, AfterValidator(_address)] = ""
    """What carries notifications to workers: empty for the same Redis, `amqp://…` for RabbitMQ."""
    cards: Path = CARDS
    """Folder of model cards; those in `models` in the state folder are served beside them."""
    max_attempts: Annotated[int, Field(ge=1)] = 2
    """A job that cost this many workers their life is failed."""

    log_format: LogFormat = "auto"
    """Log lines as `json`, as `text`, or `auto`: text on a terminal, else JSON."""

    @property
    def card_folders(self) -> tuple[Path, Path]:
        return self.cards, self.own_models

    @property
    def own_models(self) -> Path:
        """Folder of the operator's own cards, with their weights and class lists."""
        return self.home / "models"

    @property
    def blob_folder(self) -> Path:
        return self.home / "blobs"
