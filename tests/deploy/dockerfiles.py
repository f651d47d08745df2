"""What Dockerfiles say."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """(instruction, arguments) of a Dockerfile, continued lines joined."""
    text = (ROOT / dockerfile).read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in pairs]


def copied_sources(dockerfile: str) -> list[str]:
    """What a Dockerfile copies into the image."""
    copies = [rest.split() for word, rest in instructions(dockerfile) if word == "COPY"]
    return [source for words in copies for source in words[:-1]]
