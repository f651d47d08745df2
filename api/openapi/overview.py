"""What `/docs` opens with: the first job, its life, errors and limits, in Markdown."""

from api.settings import ApiSettings
from jobs.records.options import JobOptions

_TEXT = """\
A photo of a leaf goes in, the disease comes out, with the picture that shows why.

**The first job**, with [a drawn leaf](/sample-leaf.jpg) saved as `leaf.jpg`. [First steps](/start) has it in Python,
JavaScript, Kotlin and Swift:

```sh
job=$(curl -sf -H "Prefer: wait=25" -H "Content-Type: image/jpeg" --data-binary @leaf.jpg -o job.json -w "%header{{location}}" "http://127.0.0.1:8000/v1/jobs")
cat job.json
curl -sf -o overlay.jpg "http://127.0.0.1:8000$job/overlay"
```

**The life of a job**: `queued`, `running`, then `succeeded`, `failed` or `canceled`; one that is not begun before its
`deadline` is `expired`. When its worker dies it is queued again, {attempts} attempts at most. What has ended never
changes. Ask with `Prefer: wait=25`, follow `/events`, or give a `callback_url`. A photo that is sent again with the
same `Idempotency-Key`, or by `PUT` under an id of yours, is the same job.

**Errors** are problem documents (RFC 9457) with a stable `type`, which is a page here too; `detail` says what was given
and what is allowed. Try again where `retryable` is true, after `Retry-After`.

**Limits** of this server: {megabytes:g} MB and {megapixels:g} million pixels a photo, 64 photos and {batch:g} MB a
batch, {bound:,} jobs that wait. Results are kept for {hours:g} hours, unless `ttl` says otherwise. {keys}
"""  # noqa: E501
_KEYS = "Each request needs a key, in `X-API-Key`; it has a rate and a daily quota of its own."
_NO_KEYS = "No key is needed here."


def overview(settings: ApiSettings, *, needs_keys: bool) -> str:
    """The description of the API, with the limits of this server."""
    return _TEXT.format(
        attempts=settings.max_attempts,
        megabytes=settings.max_bytes / 1e6,
        megapixels=settings.max_pixels / 1e6,
        batch=settings.max_batch_bytes / 1e6,
        bound=settings.queue_bound,
        hours=JobOptions.model_fields["ttl"].default / 3600,
        keys=_KEYS if needs_keys else _NO_KEYS,
    )
