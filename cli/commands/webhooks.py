"""`cropshield webhooks`: the secrets that webhooks are signed with."""

from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True, help="The secrets that webhooks are signed with: add, list, revoke."
)
Key = Annotated[
    str | None, typer.Option(help="Whose jobs: what the API key begins with; none without keys.")
]
_SHOWN = 12  # characters of a secret


@app.command()
def add(key: Key = None) -> None:
    """Make a secret and show it. A second one signs beside the first, until that is revoked."""
    from cli.redis_calls import change_redis
    from jobs.records.job import LOCAL
    from jobs.webhooks.outbox import WebhookOutbox

    typer.echo(change_redis(lambda redis: WebhookOutbox(redis).add_secret(key or LOCAL)))


@app.command("list")
def list_secrets(key: Key = None) -> None:
    """Show what each secret begins with, the oldest first."""
    from cli.redis_calls import call_redis
    from jobs.records.job import LOCAL
    from jobs.webhooks.outbox import WebhookOutbox

    for secret in call_redis(lambda redis: WebhookOutbox(redis).secrets(key or LOCAL)):
        typer.echo(secret[:_SHOWN] + "…")


@app.command()
def revoke(
    secret: Annotated[str, typer.Argument(help="What the secret begins with: whsec_…")],
    key: Key = None,
) -> None:
    """Have a secret sign no more."""
    from cli.redis_calls import change_redis
    from jobs.records.job import LOCAL
    from jobs.webhooks.outbox import WebhookOutbox

    change_redis(lambda redis: WebhookOutbox(redis).revoke_secret(key or LOCAL, secret.rstrip("…")))
    typer.echo(f"{secret[:_SHOWN]}… signs no more")
