"""`cropshield keys`: make, list and revoke the keys of the API."""

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The keys of the API: add, list, revoke.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Whose key it is; for the list.")],
    rate: Annotated[int | None, typer.Option(min=1, help="Most requests a minute.")] = None,
    quota: Annotated[int | None, typer.Option(min=1, help="Most jobs a day (UTC).")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires.")] = None,
) -> None:
    """Make a key and show it, once: only its hash is kept."""
    from pydantic import ValidationError

    from cli.errors import CommandError
    from cli.redis_calls import change_redis
    from jobs.auth.api_keys import RedisApiKeyStore, issue_key

    try:
        secret, key = issue_key(name, rate=rate, quota=quota, days=days)
    except ValidationError as error:
        raise CommandError(f"name {name!r}: {error.errors()[0]['msg']}") from error
    change_redis(lambda redis: RedisApiKeyStore(redis).add(key))
    typer.echo(secret)
    typer.echo("Send it as X-API-Key. It is not shown again.", err=True)


@app.command("list")
def list_keys() -> None:
    """Show the keys: what each begins with, its name and its limits."""
    from cli.redis_calls import call_redis
    from jobs.auth.api_keys import RedisApiKeyStore

    keys = call_redis(lambda redis: RedisApiKeyStore(redis).all())
    form = "{:<12} {:<24} {:>12} {:>10} {:<11} {:<10}"
    typer.echo(form.format("key", "name", "requests/min", "jobs/day", "made", "expires"))
    for key in keys:
        ends = f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never"
        made = f"{key.created_at:%Y-%m-%d}"
        typer.echo(form.format(key.id, key.name, key.rate or "any", key.quota or "any", made, ends))


@app.command()
def revoke(key: Annotated[str, typer.Argument(help="What the key begins with: cs_…")]) -> None:
    """Close a key for good, within two seconds. Its jobs stay until their time is over."""
    from cli.errors import CommandError
    from cli.redis_calls import change_redis
    from jobs.auth.api_keys import RedisApiKeyStore

    if not change_redis(lambda redis: RedisApiKeyStore(redis).revoke(key)):
        raise CommandError(f"there is no key {key!r}; `cropshield keys list` shows them all")
    typer.echo(f"{key} is revoked")
