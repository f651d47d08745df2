"""The keys in Redis that Python reads or writes; `scripts/prelude.lua` names the others.

Some words in them are older than the names here ("bell"): versions side by side share the state.
"""

PREFIX = "cropshield:1:"  # the 1 is the version of the record's form
SCHEMA = 1  # of all that is in Redis; a version that cannot serve what a newer one writes stops
SCHEMA_KEY = PREFIX + "schema"
LEASES, NOTIFIED, WORKERS = PREFIX + "leases", PREFIX + "bell", PREFIX + "workers"
INTERACTIVE, BULK, RETRY = (PREFIX + "queue:" + name for name in ("hi", "lo", "retry"))
DELAYED = PREFIX + "queue:delayed"  # jobs that wait for the photo store
QUEUES = (RETRY, INTERACTIVE, BULK)  # in the order in which they are served
WORKING = PREFIX + "working"  # workers that claim again before they rest
STANDBY, WAKE = PREFIX + "standby", PREFIX + "wake:"  # workers that wait for the next job
SERVED = PREFIX + "served"  # models that workers serve, and when last
EVENTS, PACE, CLOCK = PREFIX + "events", PREFIX + "pace", PREFIX + "clock"
JOB, GONE = PREFIX + "job:", PREFIX + "gone:"
IDEMPOTENCY_KEY = PREFIX + "key:"  # hashed with its owner
BATCH, BATCH_KEY = PREFIX + "batch:", PREFIX + "batch-key:"  # BATCH_KEY: an Idempotency-Key
FEEDBACK, FEEDBACK_ORDER = PREFIX + "feedback:", PREFIX + "feedback-order:"  # of an owner
API_KEY, API_KEYS = PREFIX + "apikey:", PREFIX + "apikeys"
WEBHOOK_SECRETS, DELIVERIES = PREFIX + "secrets:", PREFIX + "deliveries:"
COUNTS = PREFIX + "metrics"
REPLICATED = PREFIX + "replicated"  # the channel that tells how far the replicas are
SWEEP, SWEEP_LOCK = PREFIX + "sweep", PREFIX + "sweep:lock"
BLOBS, BLOB_JOBS = PREFIX + "blobs:", PREFIX + "blob-jobs"
HELD = PREFIX + "held:"  # quota of an owner that is held for running batches
ENDED, ORPHANS = PREFIX + "ended", PREFIX + "orphans"


def queue_key(priority: str) -> str:
    return INTERACTIVE if priority == "interactive" else BULK
