"""Commit subjects of at most 72 characters: `python -m scripts.check_subjects [MESSAGE_FILE]`.

With a file, the message in it, as git's commit-msg hook has it. Without, every commit after BASE; a
shallow clone that does not reach back to BASE has only later ones, and all of those are checked.
"""

import subprocess
import sys
from pathlib import Path

BASE = "8dac302d343e3d529ec7638e31cbad54a9062df4"
LONGEST = 72
ROOT = Path(__file__).parents[1]


def wrong(subject: str) -> str:
    """What is wrong with a subject; empty when nothing is."""
    if not subject:
        return "the subject is empty"
    if len(subject) > LONGEST:
        return f"the subject has {len(subject)} characters, {LONGEST} are allowed: {subject}"
    return ""


def subject_of(message: str) -> str:
    """As git takes it: the first paragraph, without comments, on one line."""
    lines = [line.rstrip() for line in message.splitlines() if not line.startswith("#")]
    paragraphs = "\n".join(lines).strip("\n").split("\n\n")
    return " ".join(paragraphs[0].split("\n"))


def subjects_since(base: str, root: Path) -> dict[str, str]:
    """Subjects by commit. Raises LookupError when the history lacks `base` and is not cut short."""
    commits = ["HEAD"]
    if _git(root, "cat-file", "-e", f"{base}^{{commit}}").returncode == 0:
        commits.append(f"^{base}")
    elif _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() != "true":
        raise LookupError(f"{base} is no commit of this history: record another BASE")
    told = _git(root, "log", "--no-merges", "--format=%h %s", *commits)
    if told.returncode:
        raise LookupError(f"git cannot read the history: {told.stderr.strip()}")
    return dict(line.split(" ", 1) for line in told.stdout.splitlines())


def _git(root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603
        ["git", "-C", root, *words],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> None:
    if len(sys.argv) > 1:
        subjects = {"": subject_of(Path(sys.argv[1]).read_text("utf-8"))}
    elif not (ROOT / ".git").exists():
        sys.stdout.write("no git history here: commit subjects are not checked\n")
        return
    else:
        try:
            subjects = subjects_since(BASE, ROOT)
        except LookupError as error:
            sys.exit(str(error))
    faults = [
        f"{commit} {told}".strip()
        for commit, subject in subjects.items()
        if (told := wrong(subject))
    ]
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
