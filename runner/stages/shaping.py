"""Shaping: a resolved workflow → what decides about its answers and verdicts, flat, to be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

IDLE = frozenset({"version", "name", "description", "outputs", "run", "checks", "images"})
"""Keys of a workflow that change no answer, or that are compared in another way: checks one by one, by
what they look at, and images by their content."""

NO_WORD = frozenset({"title"})


def settings_of(resolved: Mapping[str, object]) -> dict[str, object]:
    """Every setting by its place: `steps.find.thinking`. Steps go by their ids, since a new one before
    them changes nothing about them."""
    found: dict[str, object] = {}
    for key, value in resolved.items():
        if key not in IDLE and not key.startswith("x-"):
            found |= _flat(key, value)
    repeat = resolved.get("run")
    if isinstance(repeat, Mapping) and repeat.get("limit") is not None:
        found["run.limit"] = repeat["limit"]
    return found


def _flat(at: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            if key not in NO_WORD:
                yield from _flat(f"{at}.{key}", each)
    elif isinstance(value, list | tuple) and value:
        for number, each in enumerate(value, 1):
            named = each.get("id") if isinstance(each, Mapping) else None
            rest = {k: v for k, v in each.items() if k != "id"} if named else each
            yield from _flat(f"{at}.{named or number}", rest)
    else:
        yield at, value if not isinstance(value, Mapping | list | tuple) else None
