"""Write what the guide shows anew, its texts and pictures: `python -m scripts.refresh_docs`.

For new weights, whose figures differ. What a block prints goes into the text block below it, and
a picture is the file that its page writes, made smaller. Read the diff.
"""

import contextlib
import sys
import tempfile

from PIL import Image

from tests.docs.guide import GUIDE, Step, pictures, run, same


def main() -> None:
    for page in GUIDE:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            text = refreshed(page.read_text("utf-8"), list(run(page)))
            page.write_text(text, "utf-8")
            for picture in pictures(page):
                with Image.open(picture.name) as made:
                    made.save(picture, quality=50, optimize=True)
                sys.stdout.write(f"{picture.name}: {picture.stat().st_size:,} bytes\n")


def refreshed(text: str, told: list[tuple[Step, str]]) -> str:
    """The page with what its blocks said in place of what it showed of them."""
    for step, said in told:
        if step.shown and not same(step.shown, said):
            before, after = (
                f"{step.code}```\n\n```text\n{shown}```" for shown in (step.shown, said)
            )
            text = text.replace(before, after, 1)
    return text


if __name__ == "__main__":
    main()
