"""Places and values of a workflow in the words of its author."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from runner.values.problem import Route
from runner.workflow.document import value_at

LONGEST = 60
"""Characters of a value that a message shows."""


def where(route: Route, data: object) -> str:
    """The part of the file that a route leads to: " in step `find`"; empty for the whole file."""
    named = named_part(route, data)
    return f" in {named}" if named else ""


def named_part(route: Route, data: object) -> str:
    """The part of the file that a route leads to: "step `find`", "check 2", "`run`"."""
    match route:
        case ():
            return ""
        case ("steps", int() as number, ("fields" | "list_of"), str() as name, *_):
            return f"field `{name}` of {_step(number, data)}"
        case ("steps", int() as number, "images", *_):
            return f"`images` of {_step(number, data)}"
        case ("steps", int() as number, "examples", *_):
            return f"`examples` of {_step(number, data)}"
        case ("steps", int() as number, str() as key, *_):
            return f"`{key}` of {_step(number, data)}"
        case ("steps", int() as number):
            return _step(number, data)
        case ("checks", int() as number, *_):
            return f"check {number + 1}{_name_of_check(number, data)}"
        case ("outputs", int() as number, *_):
            return f"output {number + 1}"
        case ("matrix_skip", int() as number, *_):
            return f"entry {number + 1} of `matrix_skip`"
        case (str() as key, str() as name, *_) if key in ("vars", "schemas"):
            return f"`{key}.{name}`"
        case _:
            return f"`{'.'.join(str(part) for part in route if isinstance(part, str))}`"


def name_of(route: Route, data: object) -> str:
    """A value by its key: "`temperature`", "entry 2 of `images`", "step 2"."""
    match route:
        case ("steps", int()) | ("checks", int()) | ("outputs", int()):
            return named_part(route, data)
        case (*above, int() as number):
            return f"entry {number + 1} of `{_last_key(above)}`"
        case (*_, str() as key):
            return f"`{key}`"
        case _:
            return "the file"


def quoted(value: object) -> str:
    """A value as it is written in a workflow, in backticks and cut at a length."""
    text = as_yaml(value)
    return f"`{text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}`"


def as_yaml(value: object) -> str:
    """A value in YAML's one-line form: `[a, b]`, `{label: text}`, `true`."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case list() | tuple():
            return f"[{', '.join(as_yaml(entry) for entry in value)}]"
        case Mapping():
            return f"{{{', '.join(f'{key}: {as_yaml(each)}' for key, each in value.items())}}}"
        case str():
            return " ".join(value.split()) if value.strip() else f'"{value}"'
        case _:
            return str(value)


def kind_of(value: object) -> str:
    """What a value is, with the value where it is short: "the text `hot`", "a list"."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {quoted(value)}"
        case int() | float():
            return f"the number {value}"
        case list() | tuple():
            return "a list"
        case _:
            return "keys with values"


def one_of(names: Iterable[str], last: str = "or") -> str:
    """`a`, `b` or `c`, each in backticks."""
    *most, final = [f"`{name}`" for name in names] or ["nothing"]
    return f"{', '.join(most)} {last} {final}" if most else final


def _step(number: int, data: object) -> str:
    name = value_at(data, ("steps", number, "id"))
    return f"step `{name}`" if isinstance(name, str) and name else f"step {number + 1}"


def _name_of_check(number: int, data: object) -> str:
    name = value_at(data, ("checks", number, "name"))
    return f" ({name})" if isinstance(name, str) and len(name) <= LONGEST else ""


def _last_key(route: Iterable[str | int]) -> str:
    return [part for part in route if isinstance(part, str)][-1]
