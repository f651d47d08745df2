"""The sentences of errors, as templates: an f-string `{size:,} bytes` is `{size} bytes`.

They are found in the code: where something is raised, or handed to what raises it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic_core._pydantic_core import list_all_errors

from scripts.translations.texts import Text, Texts

ROOT = Path(__file__).parents[2]
_SOURCES = (
    "api/**/*.py",
    "jobs/*.py",
    "jobs/blobs/disk.py",
    "jobs/blobs/redis.py",
    "jobs/blobs/s3.py",
    "jobs/records/*.py",
    "jobs/webhooks/*.py",
    "languages/offered.py",
    "models/card_errors.py",
    "models/catalog.py",
    "pictures/**/*.py",
)
_NOT_OF_REQUESTS = (
    *("api/openapi", "api/rendering/contact_sheet.py", "api/webhooks"),
    "jobs/settings.py",
    *("pictures/decoding/in_memory.py", "pictures/drawn_leaves", "pictures/photo_files.py"),
    *("pictures/scenes", "pictures/segmentation", "pictures/unreadable_photos.py"),
)
_NEVER_SAID = {  # no sentence, or none of an answer
    *("bytes */{size}", "{kind} ({told})", "{where}: {key}: ", "Value error, "),
    *("{id} is the id of {path} too", "a job cannot go from {old} to {new}"),
    "{most} secrets sign already, which is the most; revoke one first",
    "{count} secrets begin with {beginning}; it must be one",
    *("these are no primaries: {colours}", "alpha is {alpha}; it must be between 0 and 1"),
    *("the process that decodes ended with {stop}", "no process can be started: {error}"),
    "a TIFF of {} x {} bits (photometric {}, compression {})",
}
_CALLED = {
    "__init__",
    "_as_blobs_failed",
    "problem_response",
    "_refuse",
    "_invalid",
    "_refused",
    "_made",
    "TargetTooLong",
    "HeadersTooLarge",
}
_NAMED = {"message", "found", "reason", "words", "_UNKNOWN"}
_PYDANTIC = (  # of the kinds of values that requests have
    *("missing", "extra_forbidden", "literal_error", "enum", "finite_number"),
    *("int_parsing", "int_parsing_size", "int_from_float", "int_type"),
    *("float_parsing", "float_type", "bool_parsing", "bool_type"),
    *("string_type", "string_too_short", "string_too_long", "string_pattern_mismatch"),
    *("less_than_equal", "greater_than_equal", "greater_than"),
    *("datetime_parsing", "datetime_from_date_parsing", "timezone_aware", "model_attributes_type"),
)
_OF_LIBRARIES = {
    "Not Found": "starlette",
    "Method Not Allowed": "starlette",
    "Invalid HTTP request received.": "uvicorn",
}
_HAS_WORDS = re.compile(r"[A-Za-z]{2,}.* .*[A-Za-z]{2,}", re.DOTALL)


def details() -> Texts:
    """Every template, once."""
    yield from pydantic_messages()
    yield from (Text(message, library) for message, library in _OF_LIBRARIES.items())
    for pattern in _SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            file = path.relative_to(ROOT).as_posix()
            if not file.startswith(_NOT_OF_REQUESTS):
                tree = ast.parse(path.read_text("utf-8"))
                yield from (Text(found, file) for found in templates(tree))


def pydantic_messages() -> Texts:
    """What pydantic says of wrong options."""
    known: dict[str, str] = {
        error["type"]: error["message_template_python"] for error in list_all_errors()
    }
    yield from (Text(known[kind], "pydantic") for kind in _PYDANTIC)


def templates(tree: ast.Module) -> Iterator[str]:
    """The sentences in what a module raises."""
    for node in ast.walk(tree):
        for part in _parts(node):
            yield from filter(_is_sentence, map(_template, _strings(part)))


def _is_sentence(text: str) -> bool:
    return bool(_HAS_WORDS.search(text)) and text not in _NEVER_SAID


def _parts(node: ast.AST) -> list[ast.expr]:
    """The expressions in which there may be a sentence."""
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        return node.exc.args
    if isinstance(node, ast.Call) and _name(node.func) in _CALLED:
        return node.args
    if isinstance(node, ast.Assign) and any(_name(it) in _NAMED for it in node.targets):
        return [node.value]
    if isinstance(node, ast.Return) and node.value and not isinstance(node.value, ast.Call):
        return [node.value] if _has_sentence(node.value) else []
    return []


def _has_sentence(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr | ast.Constant | ast.IfExp | ast.BinOp)


def _name(node: ast.expr) -> str:
    return str(getattr(node, "attr", None) or getattr(node, "id", ""))


def _strings(node: ast.AST) -> Iterator[ast.JoinedStr | ast.Constant]:
    """The strings in an expression, without the parts of f-strings."""
    if isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    ):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _strings(child)


def _template(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    names: list[str] = []
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else _placeholder(part, names)
        for part in node.values
    )


def _placeholder(node: ast.expr, names: list[str]) -> str:
    """`{name}` by the last name in the expression; numbered where it is there already."""
    inside = node.value if isinstance(node, ast.FormattedValue) else node
    found = [_name(it) for it in ast.walk(inside) if isinstance(it, ast.Name | ast.Attribute)]
    base = next(filter(None, found), "value").strip("_").lower()
    names.append(base)
    count = names.count(base)
    return f"{{{base}}}" if count == 1 else f"{{{base}{count}}}"
