"""Which images of several names belong together: those of one file name, whatever the folder."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runner.sources.candidate import Candidate
from runner.stages.listing import clashing
from runner.workflow.spec import ImageSet


@dataclass(frozen=True, slots=True)
class Pair:
    """A case of named images: by role the positions in that role's list; a role may be missing."""

    name: str
    positions: Mapping[str, range]


def pairs_of(sets: Sequence[ImageSet], images: Mapping[str, Sequence[Candidate]]) -> Iterator[Pair]:
    """Every case of these named images.

    A name under which one single image is written out (`reference: ref.jpg`) goes with every case,
    and so do those that are to be sent together; when all names are like that, they are one case.
    """
    common = [of.role for of in sets if of.is_with_every_case]
    varied = {role: of_role for role, of_role in images.items() if role not in common}
    with_all = {role: range(len(images[role])) for role in common if images[role]}
    if not varied:
        yield Pair(_name_of_all(sets[0], images[sets[0].role]), with_all)
        return
    for pair in pairs(varied):
        yield Pair(pair.name, {**pair.positions, **with_all})


def _name_of_all(images: ImageSet, found: Sequence[Candidate]) -> str:
    """A single image's own name; that of the folder in which several lie, or that of their role."""
    if not images.together or not found:
        return found[0].name if found else images.role
    return found[0].folder or images.role


def pairs(images: Mapping[str, Sequence[Candidate]]) -> Iterator[Pair]:
    """Every case, those of the first role first, in its order; no image is left out.

    Images belong together by file name, and those left over by file name without its ending
    (`x.jpg` and `x.png`). Where a name occurs twice under one role (in sub-folders), the path below
    the folder of the pattern counts instead.
    """
    clashes = [clashing(of_role) for of_role in images.values()]
    groups: dict[str, dict[str, int]] = {}
    for role, of_role in images.items():
        seen: Counter[str] = Counter()
        for position, candidate in enumerate(of_role):
            clash = any(candidate.name in of_role_clashes for of_role_clashes in clashes)
            key = candidate.inside if clash else candidate.name
            key = unicodedata.normalize("NFC", key)  # macOS writes ü as two characters
            seen[key] += 1
            key = key if seen[key] == 1 else f"{key}#{seen[key]}"
            groups.setdefault(key, {})[role] = position
    for key, positions in _joined(groups, tuple(images)).items():
        yield Pair(key, {role: range(at, at + 1) for role, at in positions.items()})


def _joined(groups: dict[str, dict[str, int]], roles: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """The groups, with incomplete ones put together that differ only in their ending."""
    by_stem: dict[str, list[str]] = {}
    for key, positions in groups.items():
        if len(positions) < len(roles):
            by_stem.setdefault(_stem(key), []).append(key)
    for keys in by_stem.values():
        held = [role for key in keys for role in groups[key]]
        if len(keys) > 1 and len(held) == len(set(held)):
            for other in keys[1:]:
                groups[keys[0]].update(groups.pop(other))
    return groups


def _stem(key: str) -> str:
    folder, slash, name = key.rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}".casefold()
