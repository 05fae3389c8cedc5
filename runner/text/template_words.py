"""The words of the template language: a documented part of Jinja's own."""

from __future__ import annotations

from collections.abc import Mapping

FILTERS: frozenset[str] = frozenset(
    [
        "abs",
        "batch",
        "capitalize",
        "center",
        "count",
        "d",
        "default",
        "dictsort",
        "first",
        "float",
        "format",
        "groupby",
        "indent",
        "int",
        "items",
        "join",
        "last",
        "length",
        "list",
        "lower",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "replace",
        "reverse",
        "round",
        "select",
        "selectattr",
        "slice",
        "sort",
        "string",
        "striptags",
        "sum",
        "title",
        "tojson",
        "trim",
        "truncate",
        "unique",
        "upper",
        "urlencode",
        "wordcount",
        "wordwrap",
    ]
)
"""What may stand after `|`. Left out of Jinja's own: everything for web pages, and `random`, with
which the same workflow would ask something else each time."""

TESTS: frozenset[str] = frozenset(
    [
        "!=",
        "<",
        "<=",
        "==",
        ">",
        ">=",
        "boolean",
        "defined",
        "divisibleby",
        "eq",
        "equalto",
        "even",
        "false",
        "float",
        "ge",
        "greaterthan",
        "gt",
        "in",
        "integer",
        "iterable",
        "le",
        "lessthan",
        "lower",
        "lt",
        "mapping",
        "ne",
        "none",
        "number",
        "odd",
        "sameas",
        "sequence",
        "string",
        "true",
        "undefined",
        "upper",
    ]
)
"""What may stand after `is`."""

GLOBALS: frozenset[str] = frozenset(["range", "dict", "namespace", "cycler", "joiner"])
"""Functions that every template has."""

OTHER_FILTERS: Mapping[str, str] = {
    **dict.fromkeys(("len", "size", "count", "length", "anzahl"), "length"),
    **dict.fromkeys(("str", "text"), "string"),
    **dict.fromkeys(("json", "to_json", "dumps"), "tojson"),
    **dict.fromkeys(("uppercase", "upcase"), "upper"),
    **dict.fromkeys(("lowercase", "downcase"), "lower"),
    **dict.fromkeys(("sorted", "sort_by", "order"), "sort"),
    **dict.fromkeys(("reversed",), "reverse"),
    **dict.fromkeys(("capitalise",), "capitalize"),
    **dict.fromkeys(("strip",), "trim"),
    **dict.fromkeys(("uniq", "distinct", "set"), "unique"),
}
"""Filters in the words of others, and how they are called here."""

ENTRY = "[]"
"""Stands in a path for an entry of a list, whichever it is."""

MAX_RANGE = 100_000
"""Jinja's own limit (jinja2.sandbox.MAX_RANGE)."""

RANGE_TOO_LONG = f"a range in a template has at most {MAX_RANGE:,} numbers"
