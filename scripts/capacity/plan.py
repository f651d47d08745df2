"""What is to be had for so many photos a day, and how far each step carries."""

import math

from benchmarks.scale.blobs import OVERLAY_BYTES
from scripts.capacity.job import Job, one_job
from scripts.capacity.markdown import in_bits, in_bytes, markdown_table

PEAK, USED = 4, 0.7  # the busiest seconds beside the day's mean; of a core that is planned for
DAYS, SECONDS = (1_000_000, 100_000_000), 86_400
KEPT_DAYS = 3  # the default ttl


def sizes() -> str:
    """How much of everything a million and a hundred million photos a day take."""
    plans = [_plan(one_job(), photos) for photos in DAYS]
    names = [f"{photos:,} a day" for photos in DAYS]
    head = f"| | {' | '.join(names)} | how |"
    return markdown_table(
        head,
        [
            f"| {what} | {' | '.join(plan[i][1] for plan in plans)} | {plans[0][i][2]} |"
            for i, (what, _, _) in enumerate(plans[0])
        ],
    )


def _plan(job: Job, photos: int) -> list[tuple[str, str, str]]:
    """What there must be for so many photos a day: name, amount, and how it is reckoned."""
    mean = photos / SECONDS
    peak, kept = PEAK * mean, photos * KEPT_DAYS
    return [
        ("mean, photos/s", f"{mean:,.0f}", f"/ {SECONDS:,} s"),
        ("peak, photos/s", f"{peak:,.0f}", f"mean x {PEAK}"),
        *_cores(job, peak),
        *_storage(job, peak, kept),
        *_network(job, peak),
    ]


def _cores(job: Job, peak: float) -> list[tuple[str, str, str]]:
    def at_peak(spent: float) -> float:
        return peak * spent / 1000 / USED

    workers, api, redis = (at_peak(spent) for spent in (job.worker, job.api, job.redis))
    how, many = f"ms / 1000 / {USED}", "more than 1: several installations"
    return [
        ("cores of workers", f"{math.ceil(workers):,}", f"peak x {job.worker:.1f} {how}"),
        ("API processes, a core each", f"{math.ceil(api):,}", f"peak x {job.api:.1f} {how}"),
        ("cores of Redis", f"{redis:,.2f}", f"peak x {job.redis:.2f} {how}; {many}"),
    ]


def _storage(job: Job, peak: float, kept: int) -> list[tuple[str, str, str]]:
    return [
        (
            f"memory of Redis, {KEPT_DAYS} days",
            in_bytes(kept * job.record),
            f"photos x {KEPT_DAYS} x {job.record:,} bytes (million.json)",
        ),
        (
            "memory of Redis, 1 hour at peak",
            in_bytes(3600 * peak * job.record),
            "3,600 x peak x the same, `ttl=3600`",
        ),
        (
            f"blobs, {KEPT_DAYS} days",
            in_bytes(kept * job.blobs),
            f"photos x {KEPT_DAYS} x {job.blobs:,} bytes: photo, maps, overlay",
        ),
    ]


def _network(job: Job, peak: float) -> list[tuple[str, str, str]]:
    return [
        (
            "network of the API at peak",
            in_bits(peak * (job.photo + OVERLAY_BYTES)),
            f"peak x ({job.photo:,} in + {OVERLAY_BYTES:,} out) x 8",
        ),
        (
            "network of the photo store at peak",
            in_bits(peak * job.at_the_store),
            f"peak x {job.at_the_store:,} x 8",
        ),
    ]


def steps() -> str:
    """What each step on the way to many machines carries, by the processor time of a job."""
    job = one_job()
    shared, apart = job.worker + job.api + job.redis, job.worker + job.api
    beside = job.worker - job.model  # what a GPU leaves to the cores
    sizes = [
        ("a laptop, 4 cores", 4, shared),
        ("a mini PC, 8 cores", 8, shared),
        ("a server, 32 cores", 32, shared),
        ("four of them, Redis apart", 128, apart),
        ("forty GPUs, 16 cores beside each, API and Redis apart", 640, beside),
    ]
    head = "| | jobs/s | millions a day | how | installations, at most |"
    table = markdown_table(head, [_step(*size, job.redis) for size in sizes])
    spent = f"{job.worker:.1f} - {job.model:.1f} = {beside:.1f} ms"
    told = [
        f"Cores are used to {USED:.0%}; the busiest seconds are {PEAK} times a day's mean.",
        f"{shared:.1f} ms: worker, API and Redis for a job, {apart:.1f} ms without Redis.",
        f"{spent}: a worker without its model, as long as the card keeps up with the cores.",
        f"One Redis, and so one installation, carries {1000 * USED / job.redis:,.0f} jobs/s at "
        f"{job.redis:.2f} ms each ({job.redis_from}), and more where a job takes it less.",
    ]
    return f"{table}\n" + "\n".join(f"- {line}" for line in told) + "\n"


def _step(name: str, cores: int, spent: float, redis: float) -> str:
    rate = cores * USED * 1000 / spent
    day, needed = rate / PEAK * SECONDS / 1e6, math.ceil(rate * redis / 1000 / USED)
    how = f"{cores} x {USED} x 1000 / {spent:.1f} ms"
    return f"| {name} | {rate:,.0f} | {day:,.1f} | {how} | {needed} |"
