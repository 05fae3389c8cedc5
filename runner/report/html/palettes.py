"""The colours of labels for the page: the same as in overlays."""

from __future__ import annotations

from collections.abc import Iterable

from runner.exporters.palette import COLOURS, on_top_of


def colours() -> list[str]:
    """As CSS writes them, by their numbers."""
    return [_hex(each) for each in COLOURS]


def letters() -> list[str]:
    """Black or white, whichever can be read on each."""
    return [_hex(on_top_of(each)) for each in COLOURS]


def _hex(colour: Iterable[int]) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in colour)
