"""`cropshield explain`: explain photos, write tables and a report."""

import time
from collections.abc import Sequence
from pathlib import Path

from cli.errors import FAILED, INTERRUPTED, CommandError
from cli.explain.find_photos import find_photos
from cli.explain.result_log import ResultLog, Row
from cli.explain.run import Run, RunPlan, make_plan
from cli.explain.source import ExplainOptions, Source
from cli.output import Output, warn
from languages.translator import IN_ENGLISH, Translator
from pictures.photo_files import passed_over, printable


def explain(
    paths: Sequence[str],
    out: Path,
    source: Source,
    options: ExplainOptions,
    *,
    batch: int,
    dry_run: bool,
    say: Output,
    translated: Translator = IN_ENGLISH,
) -> int:
    """Run the command; returns the exit code. Raises CommandError for wrong options, an unknown
    model or device, and a server that is gone."""
    started = time.monotonic()
    found = find_photos(paths, out)
    photos = found.photos
    if found.others and not say.quiet:
        warn([passed_over(found.others)])
    log = ResultLog(out / "results.jsonl")
    plan = make_plan(photos, log, options, source)
    if dry_run:
        return _print_plan(plan, say)
    whole = _explain_todo(plan, source, options, out, log, batch, quiet=say.quiet or say.as_json)
    rows = [log.rows[str(photo.path)] for photo in photos if str(photo.path) in log.rows]
    files = _write_files(rows, out, source, translated)
    _print_summary(plan, rows, files, time.monotonic() - started, say)
    if not whole:
        return INTERRUPTED
    return 0 if all(row["ok"] for row in rows) else FAILED


def _explain_todo(
    plan: RunPlan,
    source: Source,
    options: ExplainOptions,
    out: Path,
    log: ResultLog,
    batch: int,
    *,
    quiet: bool,
) -> bool:
    """Explain what is left to do; True when all is done, False after Ctrl-C. Without anything to do
    no model is loaded."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        if not plan.todo:
            return True
        source.open()
        with log:
            return Run(source, options, plan, out).run(log, batch=batch, quiet=quiet)
    except OSError as error:
        raise CommandError(f"cannot write to {out}: {error.strerror or error}") from error


def _write_files(
    rows: Sequence[Row], out: Path, source: Source, translated: Translator
) -> dict[str, str]:
    """Write tables, sheet and report of all photos of the command, those of earlier runs too."""
    from cli.explain.contact_sheet import write_contact_sheet
    from cli.explain.report import write_report
    from cli.explain.results_csv import write_csv

    files = {name: out / name for name in ("results.csv", "contact-sheet.jpg", "report.html")}
    write_csv(rows, files["results.csv"])
    shown = write_contact_sheet(rows, out, files["contact-sheet.jpg"], translated)
    write_report(rows, files["report.html"], source.descriptions, translated)
    if not shown:
        del files["contact-sheet.jpg"]
    return {"results.jsonl": str(out / "results.jsonl")} | {k: str(v) for k, v in files.items()}


def _print_plan(plan: RunPlan, say: Output) -> int:
    say.words(f"would explain {_photos(plan.todo)}; {_photos(plan.done)} done before")
    for photo in plan.todo:
        say.words(f"  {photo.path}")
    say.document({"todo": [str(photo.path) for photo in plan.todo], "done": len(plan.done)})
    return 0


def _print_summary(
    plan: RunPlan,
    rows: Sequence[Row],
    files: dict[str, str],
    seconds: float,
    say: Output,
) -> None:
    tried = {str(photo.path) for photo in plan.todo}
    failed = [row for row in rows if not row["ok"]]
    explained = sum(row["ok"] and row["path"] in tried for row in rows)
    counts = {"explained": explained, "skipped": len(plan.done), "failed": len(failed)}
    left = len(plan.todo) + len(plan.done) - len(rows)
    say.words(
        f"{explained:,} explained in {seconds:.1f} s, {len(plan.done):,} done before, "
        f"{len(failed):,} failed" + (f", {left:,} left: give the command again" if left else "")
    )
    warn(f"{printable(row['path'])}: {row['error']}" for row in failed)
    say.words(f"look at {files['report.html']}")
    failures = [{"path": row["path"], "error": row["error"]} for row in failed]
    say.document(
        counts | {"left": left, "seconds": round(seconds, 2), "files": files, "failures": failures}
    )


def _photos(photos: Sequence[object]) -> str:
    return f"{len(photos):,} photo{'' if len(photos) == 1 else 's'}"
