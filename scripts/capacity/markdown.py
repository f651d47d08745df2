"""Tables in Markdown, and amounts in words."""


def markdown_table(head: str, body: list[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|---" * columns + "|", *body]) + "\n"


def in_bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            break
        size /= 1000
    return f"{size:,.1f} {unit}" if size < 100 else f"{size:,.0f} {unit}"


def in_bits(rate: float) -> str:
    """`rate` in bytes a second."""
    return in_bytes(8 * rate).replace("B", "bit/s")
