"""How a workflow points at a value: `find.boxes.count`, `row.label`, and what it must be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """A value by its root (a step's id, `row`, `vars`) and the path in it: `find.boxes.count`."""

    root: str
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.root, *self.path))

    @staticmethod
    def parse(text: str) -> Reference:
        """The reference that this text spells; it is checked elsewhere."""
        root, *path = text.split(".")
        return Reference(root, tuple(path))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparator of a check with its value: `at_least`, 3."""

    name: str
    value: object
    is_of_number: bool = False
    """Whether what is compared is known to be a number, or numbers."""
