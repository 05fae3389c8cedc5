"""Colours that everyone can tell apart, the same for a label in every image of an output."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

Colour = tuple[int, int, int]

COLOURS: tuple[Colour, ...] = (
    (213, 94, 0),  # vermillion
    (86, 180, 233),  # sky blue
    (240, 228, 66),  # yellow
    (0, 158, 115),  # bluish green
    (204, 121, 167),  # reddish purple
    (230, 159, 0),  # orange
    (0, 114, 178),  # blue
)
"""Source: Okabe and Ito, "Color Universal Design", 2008; without black, which outlines the lines."""

DARK: Colour = (20, 20, 20)
LIGHT: Colour = (255, 255, 255)


@dataclass(slots=True)
class Palette:
    """A label's colour comes from the label itself, so that it is the same from run to run.

    The first labels of an output never share one: a label whose colour is taken gets the next free
    one. With more labels than colours some do share, but not in one image as long as it has colours
    left.
    """

    given: dict[str, Colour] = field(default_factory=dict)

    def colour(self, label: str | None) -> Colour:
        """The colour of a label; things without one share the first colour."""
        if label is None:
            return COLOURS[0]
        if label not in self.given and len(self.given) < len(COLOURS):
            self.given[label] = _free(_own(label), self.given.values())
        return self.given.get(label, COLOURS[_own(label)])

    def colours(self, labels: Iterable[str | None]) -> Mapping[str | None, Colour]:
        """The colours of the labels of one image. A label only leaves its own where it must."""
        usual = {label: self.colour(label) for label in labels}
        chosen: dict[str | None, Colour] = {}
        taken: set[Colour] = set()
        for label in sorted(usual, key=lambda label: label is not None and label not in self.given):
            shared = usual[label] in taken and len(taken) < len(COLOURS)
            chosen[label] = _free(_own(label or ""), taken) if shared else usual[label]
            taken.add(chosen[label])
        return chosen


def on_top_of(colour: Colour) -> Colour:
    """Black or white, whichever stands out more from a background of this colour.

    Source: w3.org/TR/WCAG21, relative luminance; 0.179 is where both contrasts are equal.
    """
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return DARK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else LIGHT


def _own(label: str) -> int:
    digest = sha256(label.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") % len(COLOURS)


def _free(start: int, taken: Collection[Colour]) -> Colour:
    turned = COLOURS[start:] + COLOURS[:start]
    return next(colour for colour in turned if colour not in taken)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.03928 else ((channel + 0.055) / 1.055) ** 2.4
