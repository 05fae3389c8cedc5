"""Which images of several names belong together: those of one file name, whatever the folder."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.sources.candidate import Candidate
from runner.stages.listing import clashing
from runner.workflow.spec import ImageSet


@dataclass(frozen=True, slots=True)
class Pair:
    """A case of named images: by role the position in that role's list; a role may be missing."""

    name: str
    positions: Mapping[str, int]


def pairs_of(
    sets: Sequence[ImageSet], images: Mapping[str, Sequence[Candidate]]
) -> tuple[Pair, ...]:
    """Every case of these named images.

    A name under which one single image is written out (`reference: ref.jpg`) goes with every case;
    when all names are like that, they are one case.
    """
    common = {of.role for of in sets if _is_single(of)}
    varied = {role: of_role for role, of_role in images.items() if role not in common}
    with_all = dict.fromkeys(common, 0)
    if not varied:
        return (Pair(images[sets[0].role][0].name, with_all),)
    return tuple(Pair(pair.name, {**pair.positions, **with_all}) for pair in pairs(varied))


def pairs(images: Mapping[str, Sequence[Candidate]]) -> tuple[Pair, ...]:
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
    return tuple(Pair(key, positions) for key, positions in _joined(groups, tuple(images)).items())


def _is_single(images: ImageSet) -> bool:
    return len(images.entries) == 1 and images.entries[0].kind in ("file", "web", "data")


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
