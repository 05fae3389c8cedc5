"""Numbers on the command line have a least and a most."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from runner.cli import group
from runner.cli.numbers import Number


def options(command: click.Command, name: str = "askpix") -> Iterator[tuple[str, click.Parameter]]:
    """Every option of every command, with the command line that leads to it."""
    context = click.Context(command)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from options(found, f"{name} {each}")
    yield from ((f"{name} {each.opts[0]}", each) for each in command.params)


def test_every_number_has_bounds() -> None:
    """Of every command: `--limit=99999999999999999999` was a crash."""
    numbers = {
        name: option.type
        for name, option in options(group)
        if isinstance(option.type, click.types.IntParamType | click.types.FloatParamType)
        and not getattr(option, "count", False)
    }
    assert "askpix run --limit" in numbers
    unbounded = [
        name
        for name, type in numbers.items()
        if getattr(type, "min", None) is None or getattr(type, "max", None) is None
    ]
    endless = [
        name
        for name, type in numbers.items()
        if isinstance(type, click.types.FloatParamType) and not isinstance(type, Number)
    ]
    assert (unbounded, endless) == ([], [])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (
            ["run", "x.yaml", "--limit=99999999999999999999"],
            "Invalid value for '--limit': 99999999999999999999 is not in the range 1<=x<=1000000000.",
        ),
        (
            ["simulate", "--latency", "nan"],
            "Invalid value for '--latency': nan is not in the range 0<=x<=3600.",
        ),
    ],
)
def test_a_number_out_of_bounds_is_told(words: list[str], why: str) -> None:
    """With the bounds, before anything runs."""
    done = CliRunner().invoke(group, words, prog_name="askpix")
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, f"Error: {why}")
