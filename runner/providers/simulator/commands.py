"""Faults and quirks on command: by a header, by a marker in the prompt, or by a plan for a service.

A command is `NAME`, `NAME:ARGUMENT`; a plan adds when: `NAME:every=10`, `NAME:first=20`,
`NAME:after=5`, and of what is counted: `per=all` (default), `per=request` (each different request
by itself) or `per=key`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from runner.providers.simulator.faults import FAULTS, NUMBERED, Fault
from runner.providers.simulator.quirks import QUIRKS, Quirk

HEADER = "x-askpix-simulate"
_MARKER = re.compile(r"\[\[\s*simulate:([^\]]+)\]\]", re.IGNORECASE)

Per = Literal["all", "request", "key"]


class UnknownCommand(ValueError):
    """There is no fault or quirk of this name, or it cannot be read. The text is for people."""


@dataclass(frozen=True, slots=True)
class Command:
    """One fault or quirk, with its arguments."""

    name: str
    args: tuple[str, ...] = ()

    @property
    def what(self) -> Fault | Quirk:
        """What it does."""
        return FAULTS[self.name] if self.name in FAULTS else QUIRKS[self.name]


@dataclass(frozen=True, slots=True)
class Planned:
    """A command for some of all requests that ask for an answer. Requests are counted from 1."""

    command: Command
    every: int | None = None
    first: int | None = None
    after: int | None = None
    per: Per = "all"

    def strikes(self, number: int) -> bool:
        """Whether the request of this number is meant."""
        return (
            (self.every is None or number % self.every == 0)
            and (self.first is None or number <= self.first)
            and (self.after is None or number > self.after)
        )


Plan = tuple[Planned, ...]


def planned(text: str) -> Planned:
    """A line of a plan: `rate-limit:0.5:every=10`. Raises `UnknownCommand`."""
    name, *rest = text.strip().split(":")
    when: dict[str, str] = {}
    args = []
    for piece in rest:
        key, sign, value = piece.partition("=")
        if sign and key in ("every", "first", "after", "per"):
            when[key] = value
        else:
            args.append(piece)
    per = when.pop("per", "all")
    if per not in get_args(Per):
        raise UnknownCommand(f"`per={per}`: write per=all, per=request or per=key")
    numbers = {key: _number(key, value) for key, value in when.items()}
    return Planned(_command(name, tuple(args)), per=per, **numbers)  # type: ignore[arg-type]  # checked above


def commands(headers: Mapping[str, str], prompt: str = "") -> tuple[Command, ...]:
    """The commands in a request's header and in its prompt. Raises `UnknownCommand`."""
    texts = [headers.get(HEADER, ""), *_MARKER.findall(prompt)]
    written = (piece for text in texts for piece in text.split(",") if piece.strip())
    return tuple(planned(piece).command for piece in written)


def first_of(given: Iterable[Command], kind: type[Fault] | type[Quirk]) -> Command | None:
    """The first command of this kind."""
    return next((command for command in given if isinstance(command.what, kind)), None)


def _command(name: str, args: tuple[str, ...]) -> Command:
    name = name.strip().lower().replace("_", "-")
    if name not in FAULTS and name not in QUIRKS:
        close = get_close_matches(name, [*FAULTS, *QUIRKS], n=1)
        hint = f"; did you mean `{close[0]}`?" if close else ""
        raise UnknownCommand(f"the simulator knows no fault or quirk `{name}`{hint}")
    if name in NUMBERED and args and not re.fullmatch(r"\d{1,4}(\.\d+)?", args[0]):
        raise UnknownCommand(f"`{name}:{args[0]}`: expected a number")
    return Command(name, args)


def _number(key: str, value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise UnknownCommand(f"`{key}={value}`: expected a whole number from 1 on")
    return int(value)
