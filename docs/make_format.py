"""Makes docs/format.md from schemas/workflow.schema.json: run it after changing the schema.

Every key's description and example stand in the schema, where editors show them; this page is the
same words in one place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from runner.workflow.not_yet import ONLY_AT_THE_TOP, is_later

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "schemas" / "workflow.schema.json"
PAGE = ROOT / "docs" / "format.md"

TITLES = {
    "prepare_tile": "`tile`",
    "setting_safety": "`safety`: a setting",
    "setting_coords": "`coords`: a setting",
    "step_images": "An image of a step in full",
    "examples": "`examples` in a file of their own",
    "example": "An example: an image with its right answer",
    "dataset": "`dataset`: a table of images",
    "vars": "`vars`: words for prompts",
    "defaults": "`defaults`: settings for every step",
    "step_ask": "A step that asks",
    "step_crop": "A step that crops",
    "step_filter": "A step that filters",
    "step_merge": "A step that merges",
    "step_compute": "A step that computes",
    "field": "A field in full",
    "when": "`when`: a condition",
    "matrix": "`matrix`: every combination",
    "combo": "A combination",
    "check_that": "A check on every image",
    "check_metric": "A check on the whole run",
    "output": "An output",
    "run": "`run`: how, never what",
}
WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "array": "list",
    "object": "keys and values",
    "null": "nothing",
}

INTRODUCTION = """\
# The workflow format, version 1

Made from `schemas/workflow.schema.json` by `docs/make_format.py`; change it there. Editors that read
the schema show the same words while you type (`askpix schema` prints it), and `askpix explain WORD`
prints them in the terminal.

Rules that hold everywhere:

- Paths start from the file they are written in, never from the folder you are in.
- `{{ }}` stands only in `prompt`, `prompt_file`, `system`, in descriptions of fields and in steps with
  `do: compute`. Everything
  else that points at a value is a plain reference: a step's id, a dot, a part of its answer
  (`find.boxes`, `find.boxes.count`), `row.COLUMN`, `vars.NAME`, `item.FIELD`. Only earlier steps can be
  named.
- A word that the format does not know is an error, everywhere; only keys that begin with `x-` are yours.
- Shares are numbers from 0 to 1 or percentages: `0.95` or `95%`.
- Any `box`, `point`, `polygon` or `mask` in an answer comes back in pixels of the image as a person
  sees it: `x_min, y_min, x_max, y_max`, x to the right, y down.
- Without `model:` it is `gemini-3.5-flash`. Models are data: `askpix models` lists them.

Some words are part of the format, so that files which use them are read rightly, but cannot run yet in
this version: turns such as `rotate: 90`;
`upload`, `fetch` and `frame` for a single step. A file that uses one is refused, with
the place.
"""


def page(schema: Mapping[str, object]) -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for name, node in sections(schema):
        title = TITLES.get(name, f"`{name}`") if name else "The file"
        parts.append(f"## {title}\n\n{''.join(section(name, node, schema))}")
    return "\n".join(parts)


def sections(schema: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every object of the schema that has keys of its own, once, in the order in which it is met."""
    seen: set[int] = set()
    waiting: list[tuple[str, Mapping[str, object]]] = [("", schema)]
    while waiting:
        name, node = waiting.pop(0)
        if id(node) in seen:
            continue
        seen.add(id(node))
        if _is_section(node):
            yield name, node
        waiting = [*_inner(name, node, schema), *waiting]


def section(name: str, node: Mapping[str, object], schema: Mapping[str, object]) -> Iterator[str]:
    """Its description and the table of its keys."""
    if node.get("description"):
        yield f"{node['description']}\n\n"
    yield "| key | takes | says |\n|---|---|---|\n"
    required = node.get("required", [])
    properties = node["properties"]
    assert isinstance(properties, Mapping)
    assert isinstance(required, list)
    for key, value in properties.items():
        if is_setting(value) and name in ("step_ask", "combo", "matrix"):
            continue  # told once, under `defaults`
        resolved = resolve(value, schema)
        must = " (required)" if key in required else ""
        later = name == "step_ask" and key in ONLY_AT_THE_TOP
        not_yet = "For a single step it cannot run yet: write it at the top. " * later
        yield f"| `{key}`{must} | {takes(resolved, schema)} | {not_yet}{says(resolved, key)} |\n"
    if name == "step_ask":
        yield "| settings | | Every setting of `defaults`, for this step only. |\n"
    elif name in ("combo", "matrix"):
        keys = ", ".join(f"`{key}`" for key, value in properties.items() if is_setting(value))
        one = "its values, as a list" if name == "matrix" else "one value"
        yield f"| {keys} | {one} | Settings, as under `defaults`. |\n"
    patterns = node.get("patternProperties", {})
    assert isinstance(patterns, Mapping)
    for pattern, value in patterns.items():
        resolved = resolve(value, schema)
        yield f"| {_pattern(pattern)} | {takes(resolved, schema)} | {says(resolved)} |\n"


def is_setting(node: Mapping[str, object]) -> bool:
    """True for a setting of the model, which has the same meaning wherever it stands."""
    items = node.get("items")
    inner = items if isinstance(items, Mapping) else node
    return str(inner.get("$ref", "")).startswith("#/definitions/setting_")


def words_of(node: Mapping[str, object]) -> tuple[list[object], list[object]]:
    """The words that a value may be, also where other forms are possible, and their meanings."""
    then, either = node.get("then"), node.get("anyOf", [])
    assert isinstance(either, list)
    for place in (node, then, *either):
        if isinstance(place, Mapping) and "enum" in place:
            values, meanings = place["enum"], place.get("enumDescriptions", [])
            assert isinstance(values, list)
            assert isinstance(meanings, list)
            return values, meanings
    return [], []


def resolve(node: object, schema: Mapping[str, object]) -> Mapping[str, object]:
    """The node itself, or what its `$ref` points at, with its own words first."""
    assert isinstance(node, Mapping)
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return node
    target: object = schema
    for step in reference.removeprefix("#/").split("/"):
        assert isinstance(target, Mapping)
        target = target[step]
    own = {key: value for key, value in node.items() if key != "$ref"}
    return {**resolve(target, schema), **own}


def takes(node: Mapping[str, object], schema: Mapping[str, object]) -> str:
    """What may be written as the value, in words."""
    if "enum" in node:
        values = node["enum"]
        assert isinstance(values, list)
        return ", ".join(f"`{_plain(value)}`" for value in values)
    if "const" in node:
        return f"`{_plain(node['const'])}`"
    types = node.get("type", [])
    names = [types] if isinstance(types, str) else types
    assert isinstance(names, list)
    words = [_list_of(node, schema) if name == "array" else WORDS[str(name)] for name in names]
    return _escape(" or ".join(words)) or "anything"


def says(node: Mapping[str, object], key: str = "") -> str:
    """Description, what the words mean and which cannot run yet, limits, default and example of a
    key."""
    description = str(node.get("description", ""))
    sentences = [description if description.endswith(".") else f"{description}."] * bool(
        description
    )
    values, meanings = words_of(node)
    if meanings:
        pairs = zip(values, meanings, strict=True)
        told = "; ".join(
            f"`{_plain(value)}`: {meaning}{' (cannot run yet)' * is_later(key, value)}"
            for value, meaning in pairs
        )
        sentences.append(f"{told}.")
    if "minimum" in node and "maximum" in node:
        sentences.append(f"From {node['minimum']} to {node['maximum']}.")
    elif "minimum" in node:
        sentences.append(f"At least {node['minimum']}.")
    if "default" in node:
        sentences.append(f"Default: `{_plain(node['default'])}`.")
    examples = node.get("examples")
    if isinstance(examples, list) and examples:
        shown = ", ".join(f"`{_plain(example)}`" for example in examples)
        sentences.append(f"Example: {shown}.")
    return _escape(" ".join(sentences))


def _is_section(node: Mapping[str, object]) -> bool:
    properties = node.get("properties")
    kind = node.get("type")
    is_object = kind == "object" or (isinstance(kind, list) and "object" in kind)
    return isinstance(properties, Mapping) and is_object and not _chooses(node)


def _chooses(node: Mapping[str, object]) -> bool:
    """True for a step or a check: it only decides which of several objects it is."""
    then = node.get("then")
    return bool(_branches(node)) or (isinstance(then, Mapping) and "$ref" in then)


def _inner(
    name: str, node: Mapping[str, object], schema: Mapping[str, object]
) -> list[tuple[str, Mapping[str, object]]]:
    found: list[tuple[str, object]] = []
    for keyword in ("properties", "patternProperties"):
        named = node.get(keyword, {})
        assert isinstance(named, Mapping)
        found += [(key, value) for key, value in named.items()]
    found += [(name, node[key]) for key in ("items", "additionalProperties") if key in node]
    for branch in [node, *_branches(node)]:
        found += [(name, branch[key]) for key in ("then", "else") if key in branch]
    return [_named(key, value, schema) for key, value in found if isinstance(value, Mapping)]


def _branches(node: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The alternatives by which a node chooses its shape; those inside a section only forbid."""
    branches = node.get("allOf", [])
    assert isinstance(branches, list)
    return [
        branch
        for branch in branches
        if isinstance(branch.get("then"), Mapping) and "$ref" in branch["then"]
    ]


def _named(
    name: str, node: Mapping[str, object], schema: Mapping[str, object]
) -> tuple[str, Mapping[str, object]]:
    """A definition is called by its own name, and is the same object wherever it is met."""
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return name, node
    definitions = schema["definitions"]
    assert isinstance(definitions, Mapping)
    target = reference.removeprefix("#/definitions/")
    return target, definitions[target]


def _list_of(node: Mapping[str, object], schema: Mapping[str, object]) -> str:
    items = node.get("items")
    if not isinstance(items, Mapping):
        return WORDS["array"]
    inner = resolve(items, schema).get("type")
    return f"list of {WORDS[inner]}s" if inner in ("string", "number") else WORDS["array"]


def _pattern(pattern: str) -> str:
    return {"^x-": "`x-…`"}.get(pattern, "`vars.NAME`" if "vars" in pattern else f"`{pattern}`")


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(SCHEMA.read_text(encoding="utf-8"))), encoding="utf-8")
