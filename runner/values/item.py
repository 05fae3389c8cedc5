"""One entry of the list that a step is run for."""

from __future__ import annotations

from dataclasses import dataclass

from runner.values.image import Image


@dataclass(frozen=True, slots=True)
class Item:
    """`number` counts the entries from 0. `value` is what `item` is in templates and conditions; None
    for an entry that is none: it failed, or was skipped. `image` is the cut-out that it stands for.
    """

    number: int
    value: object = None
    image: Image | None = None
