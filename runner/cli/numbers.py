"""Numbers on the command line: each has a least and a most, and is one that can be counted with."""

from __future__ import annotations

from typing import Any

import click

from runner.values.bounds import MOST


def whole(least: int, most: int = MOST) -> click.IntRange:
    """A whole number from `least` to `most`."""
    return click.IntRange(least, most)


class Number(click.FloatRange):
    """A number from `min` to `max`. `nan` lies in no range, and compares as if it lay in every one."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number; ends in click's own words when it is none."""
        number = float(super().convert(value, param, ctx))
        if number != number:
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return number
