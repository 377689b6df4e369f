"""Writes docs/reference/ from schemas/: every key with its value, its meaning and an example.

The pages are kept in the repository, so that GitHub shows them too; a test compares them with what
this writes. The examples are whole files in docs/reference/examples/, which the tests hold against
the schemas, and each key's own example is what stands there.

    python docs/_ext/reference.py    # or: make reference
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

__all__ = ["PAGES", "Key", "Page", "Section", "examples", "page", "sections"]

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "docs" / "reference"
_LONGEST = 110
"""The longest example that stands in a line."""
_PATTERNS = {
    r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$": "in one line, without control characters",
    "^[!-~]+$": "of printable ASCII without spaces",
    "^[0-9a-f]{64}$": "of 64 hexadecimal digits",
    "^[0-9]{12}$": "of twelve digits",
}
"""What a pattern says, where words say it better."""
_PLAIN = re.compile(r"[A-Za-z/][\w ./@*-]*(?::\S[\w ./@*:-]*)*")
"""What needs no quotes in YAML, by anybody's reading."""
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "array": "a list",
    "object": "a mapping",
    "null": "`null`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the reference."""

    schema: str
    """The schema's file below schemas/."""
    file: str
    """The page's file below docs/reference/."""
    example: str
    """The file of the example below docs/reference/examples/; one document, or a list of them."""
    title: str
    """Its heading."""
    introduction: str
    """What stands before the keys."""


PAGES = (
    Page(
        schema="config.schema.json",
        file="configuration.md",
        example="configuration.yaml",
        title="assent.yaml, key by key",
        introduction=(
            "[Setting Assent up](../operating.md#assentyaml) says how the parts work together, "
            "[gates](../gates.md) what the demands mean."
        ),
    ),
    Page(
        schema="promotion.schema.json",
        file="record.md",
        example="record.yaml",
        title="The promotion record, key by key",
        introduction=(
            "[Approving, rejecting and retiring](../../promotions/README.md) says how to "
            "work with it, [the rules](../rules.md) what is checked besides."
        ),
    ),
    Page(
        schema="parameter.schema.json",
        file="parameter.md",
        example="parameter.json",
        title="The parameter, key by key",
        introduction=(
            "[Inference](../inference.md) says how to read it. Keys may be added; these stay. "
            "[What else Parameter Store holds](../architecture.md#what-parameter-store-holds) is "
            "for Assent alone."
        ),
    ),
    Page(
        schema="receipt.schema.json",
        file="receipt.md",
        example="receipts.json",
        title="The receipt, key by key",
        introduction=("[Receipts](../receipts.md) says how they are chained and verified."),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a mapping."""

    name: str
    """As it is written; `*` for any name."""
    required: bool
    """Whether it has to be there."""
    schema: Mapping[str, Any]
    """Its schema, a reference resolved."""
    description: str
    """What it says."""
    below: str | None
    """The path of the section that says what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One mapping, wherever it stands."""

    path: str
    """Such as `environments[].inference`; empty for the whole document."""
    description: str
    """What it is."""
    keys: tuple[Key, ...]
    """In the schema's order."""
    places: list[tuple[str, ...]] = field(default_factory=list)
    """Where it stands in a document: the keys on the way, `*` for each item."""


class _Reader:
    """Walks a schema once; a mapping that several places refer to gets one section."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._definitions: Mapping[str, Any] = root.get("$defs", {})
        self.found: dict[str, Section] = {}

    def _resolved(self, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None]:
        name = schema.get("$ref", "").removeprefix("#/$defs/")
        if not name:
            return schema, None
        definition = self._definitions[name]
        return {**definition, **{k: v for k, v in schema.items() if k != "$ref"}}, name

    def section(self, path: str, schema: Mapping[str, Any], place: tuple[str, ...]) -> None:
        """Note a mapping, and all that is in it; or only one more place of one that is noted."""
        if path in self.found:
            self.found[path].places.append(place)
            for key, each in _fields(schema):
                self._down(path, key, each, place)
            return
        required = schema.get("required", ())
        keys = tuple(
            self._key(path, name, each, required=name in required) for name, each in _fields(schema)
        )
        self.found[path] = Section(
            path=path, description=schema["description"], keys=keys, places=[place]
        )
        for name, each in _fields(schema):
            self._down(path, name, each, place)
        for kind, each in _by_kind(schema):
            resolved, _ = self._resolved(each)
            self.section(f"{path}.what of {kind}", resolved, (*place, f"what={kind}"))

    def _key(self, path: str, name: str, schema: Mapping[str, Any], *, required: bool) -> Key:
        resolved, definition = self._resolved(schema)
        if "items" in resolved:
            resolved = {**resolved, "items": self._resolved(resolved["items"])[0]}
        description = resolved["description"]
        if definition is not None and not _inner(resolved):
            more = self._definitions[definition]["description"]
            description = description if more in description else f"{description} {more}"
        target = self._target(path, name, schema)
        return Key(
            name=name,
            required=required,
            schema=resolved,
            description=description,
            below=None if target is None else target[0],
        )

    def _target(
        self, path: str, name: str, schema: Mapping[str, Any]
    ) -> tuple[str, Mapping[str, Any], str] | None:
        """The section that a key leads to, the mapping that it is about, and the way there."""
        resolved, definition = self._resolved(schema)
        here = f"{path}.{name}".lstrip(".") if definition is None else definition
        for keyword, sign in (("items", "[]"), ("additionalProperties", ".*")):
            if isinstance(resolved.get(keyword), dict) and "properties" not in resolved:
                items, inner = self._resolved(resolved[keyword])
                if _inner(items):
                    return inner or f"{here}{sign}", items, "*"
        return (here, resolved, "") if _inner(resolved) else None

    def _down(
        self, path: str, name: str, schema: Mapping[str, Any], place: tuple[str, ...]
    ) -> None:
        target = self._target(path, name, schema)
        if target is not None:
            inner, resolved, each = target
            self.section(inner, resolved, (*place, name, *([each] if each else [])))


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from schema.get("properties", {}).items()
    if isinstance(schema.get("additionalProperties"), dict):
        yield "*", schema["additionalProperties"]


def _inner(schema: Mapping[str, Any]) -> bool:
    return any(True for _ in _fields(schema))


def _by_kind(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a receipt's `what` holds, by its kind."""
    for each in schema.get("allOf", ()):
        kind = each.get("if", {}).get("properties", {}).get("kind", {}).get("const")
        what = each.get("then", {}).get("properties", {}).get("what")
        if kind is not None and what is not None:
            yield kind, what


def sections(schema: Mapping[str, Any]) -> list[Section]:
    """Every mapping of a schema, the whole document first."""
    reader = _Reader(schema)
    reader.section("", schema, ())
    return list(reader.found.values())


def _values(document: object, place: Sequence[str]) -> Iterator[Any]:
    """What a document has at a place."""
    if not place:
        yield document
        return
    name, *rest = place
    if name.startswith("what="):
        if isinstance(document, dict) and document["kind"] == name.removeprefix("what="):
            yield from _values(document["what"], rest)
    elif name == "*":
        inner = document if isinstance(document, list) else ()
        for each in document.values() if isinstance(document, dict) else inner:
            yield from _values(each, rest)
    elif isinstance(document, dict) and name in document:
        yield from _values(document[name], rest)


def examples(documents: Sequence[object], section: Section, key: Key) -> list[Any]:
    """Every value that the examples have for a key; of `*` whole mappings of one name."""
    found: list[Any] = []
    for place in section.places:
        for document in documents:
            for holder in _values(document, place):
                if not isinstance(holder, dict):
                    continue
                if key.name == "*":
                    found += [{name: value} for name, value in holder.items()]
                elif key.name in holder:
                    found.append(holder[key.name])
    return found


def _anchor(path: str) -> str:
    """A heading's anchor, by GitHub's rule."""
    return re.sub(r"[^\w\- ]", "", path.lower()).replace(" ", "-")


def _number_of(schema: Mapping[str, Any], least: str, most: str, what: str) -> Iterator[str]:
    low, high = schema.get(least), schema.get(most)
    if low is not None and high is not None:
        yield f"{low} to {high}{what}" if low != high else f"{low}{what}"
    elif low is not None:
        yield f"at least {low}{what.removesuffix('s') if low == 1 else what}"
    elif high is not None:
        yield f"at most {high}{what}"


def _value(schema: Mapping[str, Any]) -> str:
    """What may stand there, in words."""
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`".replace('"', "")
    if "enum" in schema:
        return "one of " + ", ".join(f"`{each}`" for each in schema["enum"])
    types = schema.get("type", [])
    words = " or ".join(_TYPES[each] for each in ([types] if isinstance(types, str) else types))
    parts = [words or "anything"]
    if "items" in schema:
        parts[0] += f" of {_of(schema['items'])}"
    if "pattern" in schema:
        parts[0] += f" {_PATTERNS.get(schema['pattern'], '')}".rstrip()
    parts += _number_of(schema, "minimum", "maximum", "")
    parts += _number_of(schema, "minLength", "maxLength", " characters")
    parts += _number_of(schema, "minItems", "maxItems", " of them")
    if isinstance(schema.get("additionalProperties"), dict):
        parts[0] += " by name"
    parts += _number_of(schema, "minProperties", "maxProperties", " keys")
    if "pattern" in schema and schema["pattern"] not in _PATTERNS:
        parts.append(f"matching `{schema['pattern']}`")
    if "pattern" in schema.get("not", {}):
        parts.append(f"but not `{schema['not']['pattern']}`")
    return ", ".join(parts)


def _of(items: Mapping[str, Any]) -> str:
    types = items.get("type")
    return {"object": "mappings", "string": "texts", "number": "numbers", "array": "lists"}.get(
        types if isinstance(types, str) else "", "values"
    )


def _inline(value: object) -> str | None:
    """A value in one line, as YAML and JSON have it; None where it does not fit."""
    plain = isinstance(value, str) and _PLAIN.fullmatch(value)
    text = str(value) if plain else json.dumps(value, ensure_ascii=False)
    return None if len(text) > _LONGEST or "`" in text else f"`{text}`"


def _escaped(text: str) -> str:
    """A schema's sentence, where a page has code between backticks and nothing else of Markdown."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"[<*]", r"\\\g<0>", part) for part in parts[::2]]
    return "`".join(parts)


def _lines(documents: Sequence[object], section: Section) -> Iterator[str]:
    for key in section.keys:
        found = examples(documents, section, key)
        if not found:
            raise ValueError(f"no example has {section.path or 'the document'}: {key.name}")
        name = "any name" if key.name == "*" else f"`{key.name}`"
        yield f"- **{name}**{' (required)' if key.required else ''}: {_escaped(key.description)}"
        below = "" if key.below is None else f"; [its keys](#{_anchor(key.below)})"
        yield f"  - Value: {_value(key.schema)}{below}"
        if "default" in key.schema:
            yield f"  - Default: {_inline(key.schema['default'])}"
        shown = list(dict.fromkeys(filter(None, map(_inline, found))))[:2]
        if shown and key.below is None:
            yield f"  - Example: {', '.join(shown)}"


def page(about: Page) -> str:
    """One page of the reference, as Markdown."""
    schema = json.loads((_ROOT / "schemas" / about.schema).read_text(encoding="utf-8"))
    text = (_FOLDER / "examples" / about.example).read_text(encoding="utf-8")
    read = yaml.safe_load(text)
    documents = read if isinstance(read, list) else [read]
    lines = [f"# {about.title}", "", about.introduction, ""]
    lines += [
        f"Editors that know [the schema](../../schemas/{about.schema}) check it in writing, too.",
        "",
    ]
    anchors = set()
    for section in sections(schema):
        heading = f"`{section.path}`" if section.path else "Top level"
        anchor = _anchor(section.path)
        if anchor in anchors:
            raise ValueError(f"two headings have the anchor {anchor}")
        anchors.add(anchor)
        lines += [
            f"## {heading}",
            "",
            _escaped(section.description),
            "",
            *_lines(documents, section),
            "",
        ]
    language = about.example.rpartition(".")[2]
    lines += [
        "## Example",
        "",
        "Every key, and what stands there in the examples above:",
        "",
        f"```{language}",
        text.rstrip("\n"),
        "```",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Write every page."""
    for about in PAGES:
        (_FOLDER / about.file).write_text(page(about), encoding="utf-8")


if __name__ == "__main__":
    main()
