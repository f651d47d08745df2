"""What was measured: the costs of a job, a worker on a GPU, and many workers at once."""

from scripts.capacity.job import CLIENTS, PHOTO, one_job, result, rows
from scripts.capacity.markdown import markdown_table
from scripts.capacity.plan import SECONDS


def costs() -> str:
    """What one of each carries, by its processor time, and the memory of a process."""
    job = one_job()
    (submit,) = rows("api", request="submit", of="processor")
    (poll,) = rows("api", request="poll of one that ended", of="processor")
    (whole,) = rows("stages", photo=PHOTO, version="this", part="total")
    (api,), (worker,) = rows("memory", process="api"), rows("footprint")
    served = f"serve.json, {CLIENTS}"
    lines = [
        ("workers, photos of 300 kB", job.worker, served),
        ("… of it the engine's steps", whole["median"], f"stages.json, {PHOTO}"),
        ("… of these the model", job.model, f"stages.json, {PHOTO}"),
        ("API: upload, wait, overlay", job.api, served),
        ("… of it the submit", submit["median"], "api.json"),
        ("… a poll of a finished job", poll["median"], "api.json"),
        ("Redis, all that a job asks of it", job.redis, job.redis_from),
        ("all of it on the same core", job.worker + job.api + job.redis, "the sum"),
    ]
    body = [
        f"| {what} | {spent:.2f} | {1000 / spent:,.0f} | {SECONDS / spent / 1000:,.1f} | {file} |"
        for what, spent, file in lines
    ]
    table = markdown_table("| | ms a job | jobs/s of a core | millions a day | from |", body)
    return (
        f"{table}\nMemory: {api['last_mb']:,.0f} MB an API process, {worker['after_mb']:,.0f} MB a "
        f"worker, {job.record:,} bytes of Redis a finished job "
        "(memory.json, footprint.json, million.json).\n"
    )


def gpu() -> str:
    """What a worker on a GPU did, by precision."""
    found = rows("gpu", part="worker")
    if not found:
        return "`make bench-gpu` measures it on your card.\n"
    settings, machine = result("gpu")["settings"], result("gpu")["machine"]
    body = [
        f"| {row['precision']} | {row['decode_per_second']:,.0f} | {row['model_per_second']:,.0f}"
        f" | {row['whole_per_second']:,.0f} | {row['model_busy']:.0%} |"
        for row in found
    ]
    table = markdown_table(
        "| | decoding alone, photos/s | the model alone | all | model busy |", body
    )
    return f"{table}\ngpu.json: {settings.get('gpu', 'a CPU')}, {machine['cores']} cores.\n"


def scale() -> str:
    """The rows of scale.json."""
    found = result("scale")
    if not found:
        return "`make bench-scale` measures it on your machine.\n"
    body = [
        f"| {row['blobs']} | {row['workers']} | {row['jobs_per_second']:,.0f}"
        f" | {row['of_the_workers_alone']:.0%} | {row['full']}"
        f" | {row['cpu_ms']['redis']:.2f} | {row['cpu_ms']['api']:.2f} |"
        for row in found["rows"]
    ]
    head = "| blobs | workers | jobs/s | of the workers alone | full | Redis, ms | API, ms |"
    machine = found["machine"]
    told = [
        f"- Blobs {store}: a core of its own carries "
        + ", ".join(
            f"{rate:,} jobs/s as {kind}" for kind, rate in carried.items() if kind != "clients"
        )
        for store, carried in found["settings"]["a_core_carries"].items()
    ]
    processes = f"{found['settings']['apis']} API processes"
    where = f"scale.json: {machine['processor']}, {machine['cores']} cores, {processes}.\n"
    return f"{markdown_table(head, body)}\n{where}\n" + "\n".join(told) + "\n"
