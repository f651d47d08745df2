"""The OpenAPI document as a page to read: no script, and nothing to try out."""

import re
from collections.abc import Iterable
from html import escape
from typing import Any

Json = dict[str, Any]
Row = tuple[str, str, str]


def page(document: Json) -> str:
    """The whole page, HTML: by tag every operation, then every schema."""
    parts = [_head(document["info"]["title"]), _contents(document)]
    for tag in document["tags"]:
        parts += [f'<h2 id="{tag["name"]}">{tag["name"]}</h2>', prose(tag["description"])]
        parts += [
            _operation(*each) for each in operations(document) if tag["name"] in each[2]["tags"]
        ]
    parts.append('<h2 id="schemas">schemas</h2>')
    parts += [_schema(name, it) for name, it in document["components"]["schemas"].items()]
    return "".join([*parts, "</article></main></html>"])


def operations(document: Json) -> list[tuple[str, str, Json]]:
    """(method, path, operation) of all, in the order of the document."""
    paths = document["paths"].items()
    return [(method.upper(), path, it) for path, ways in paths for method, it in ways.items()]


def prose(text: str) -> str:
    """Paragraphs, with what stands between backticks as code."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return "".join(f"<p>{part}</p>" for part in marked.split("\n\n"))


def _head(title: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}: reference</title>"
        '<link rel="stylesheet" href="/assets/docs/style.css">'
        '<link rel="icon" href="/assets/swagger-ui/favicon-32x32.png">'
        f"<header><strong>{title}</strong><nav>"
        '<a href="/">Playground</a><a href="/start">First steps</a><a href="/docs">Try it out</a>'
        '<a href="/openapi.json">openapi.json</a></nav></header>'
        f"<main><article><h1>{title}: reference</h1>"
    )


def _contents(document: Json) -> str:
    lines = [
        f'<li><a href="#{it["operationId"]}">{method} {path}</a>: {escape(it["summary"])}</li>'
        for method, path, it in operations(document)
    ]
    return f"<ul>{''.join(lines)}</ul>"


def _operation(method: str, path: str, operation: Json) -> str:
    sent = [
        (it["name"], f"{it['in']}, {kind(it['schema'])}", it["description"])
        for it in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {})
    sent += [("body", kind(it["schema"]), media) for media, it in _merged(body).items()]
    responses = [
        (status, ", ".join(it.get("content", {})), it["description"])
        for status, it in operation["responses"].items()
    ]
    title = f'<h3 id="{operation["operationId"]}">{method} {path}</h3>'
    return title + prose(operation["description"]) + _table(sent) + _table(responses)


def _merged(body: Json) -> Json:
    """Media types that are sent alike, in one."""
    alike: dict[str, list[str]] = {}
    for media, it in body.items():
        alike.setdefault(kind(it["schema"]), []).append(media)
    return {", ".join(kinds): body[kinds[0]] for kinds in alike.values()}


def _schema(name: str, schema: Json) -> str:
    values = ", ".join(f"`{value}`" for value in schema.get("enum", []))
    members = schema.get("properties", {}).items()
    rows = [(member, kind(it), it.get("description", "")) for member, it in members]
    return f'<h3 id="{name}">{name}</h3>{prose(schema.get("description", values))}{_table(rows)}'


def kind(schema: Json) -> str:
    """What a value is, in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if choice := schema.get("anyOf", schema.get("allOf")):
        return " or ".join(map(kind, choice))
    names = schema.get("type", "anything")
    type_name = names if isinstance(names, str) else " or ".join(names)
    if type_name == "array":
        return f"array of {kind(schema.get('items', {}))}"
    return f"{type_name}, {schema['format']}" if "format" in schema else str(type_name)


def _table(rows: Iterable[Row]) -> str:
    cells = "".join(
        f"<tr><th><code>{escape(name)}</code></th><td>{escape(what)}</td><td>{prose(text)}</td></tr>"
        for name, what, text in rows
    )
    return f"<table>{cells}</table>" if cells else ""
