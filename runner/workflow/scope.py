"""What a workflow's references and templates may name, and what they lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from runner.text.suggest import LOOSELY, did_you_mean
from runner.text.template_words import ENTRY, OTHER_FILTERS
from runner.values.shape import Shape
from runner.workflow.parts import ANY, LISTS, NoSuchPart, Part, part_at, part_in
from runner.workflow.words import one_of

IMAGE_FIELDS = ("name", "role", "width", "height")
"""What a template may ask of an image: `{{ image.width }}`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Names in reach. `steps` maps every step's id, in order, to the shape of its answer (None:
    not known), `truths` the names of correct answers to what they hold. None for `vars`, `roles`,
    `columns`, `truths` or True for `open_steps` means that not all
    names are known, so none is unknown. `columns` is empty when there is no dataset."""

    vars: frozenset[str] | None = frozenset()
    roles: tuple[str, ...] | None = ()
    columns: tuple[str, ...] | None = ()
    has_dataset: bool = False
    steps: Mapping[str, Shape | None] = field(default_factory=dict)
    open_steps: bool = False
    truths: Mapping[str, Part] | None = field(default_factory=dict)
    items: Mapping[int, Part] = field(default_factory=dict)
    """What `item` is, by the number of a step that is run for the entries of a list."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """What each step does: `ask`, `crop`."""
    made_of: Mapping[str, str] = field(default_factory=dict)
    """The step whose entries each step takes that asks nothing: what a filter chooses from."""
    together: frozenset[str] = frozenset()
    """Those of the roles of which a case has several images."""

    def before(self, number: int | None) -> tuple[str, ...]:
        """The steps before one; all for None."""
        return tuple(self.steps)[:number]

    def asker(self, step: str) -> str | None:
        """The step that asks for what this one holds: the only one that has a schema. None when
        there is none."""
        seen: set[str] = set()
        while step in self.made_of and step not in seen:
            seen.add(step)
            step = self.made_of[step]
        return step if self.kinds.get(step) == "ask" else None


@dataclass(frozen=True, slots=True)
class Nowhere:
    """A reference that leads nowhere: the code and sentence of its problem, and the fix."""

    code: str
    message: str
    fix: str | None = None
    allowed: tuple[str, ...] = ()


def follow(path: Sequence[str], scope: Scope, number: int | None = None) -> Part | Nowhere:
    """What a reference such as `find.boxes.count` leads to, seen from a step or from the end."""
    root, *rest = path
    match root:
        case "vars":
            return variable(rest, scope)
        case "row":
            return column(rest, scope)
        case "truth":
            return truth(rest, scope)
        case "item":
            return _item(rest, scope, number)
    if root in scope.steps:
        return _step_part(root, rest, scope, number)
    if scope.open_steps:
        return ANY
    return _no_step(path, scope, number)


def lists_with(spaces: Set[str], scope: Scope, number: int | None = None) -> tuple[str, ...]:
    """The lists of things with such a place that may be named, as references."""
    named = ((step, name) for step in scope.before(number) for name in LISTS)
    found = {f"{step}.{name}": follow((step, name), scope, number) for step, name in named}
    return tuple(
        name for name, part in found.items() if isinstance(part, Part) and part.spaces & spaces
    )


def _item(rest: Sequence[str], scope: Scope, number: int | None) -> Part | Nowhere:
    """What `item.label` leads to, in a step with `for_each` or under its `where`."""
    if number is None or number not in scope.items:
        message = "there is no `item` here: only a step with `for_each` has one"
        if number is None:
            return Nowhere("W331", message, "name a step and a part of its answer: look.name")
        kind = scope.kinds.get(tuple(scope.steps)[number] if number < len(scope.steps) else "")
        how = "add for_each: with a list, such as find.boxes"
        if kind in ("crop", "filter", "merge"):
            how = "a filter has it under `where:`; other steps name whole lists: find.boxes"
        return Nowhere("W331", message, how)
    found = part_in(scope.items[number], rest)
    if not isinstance(found, NoSuchPart):
        return found
    above = ".".join(("item", *rest[: found.index]))
    close = did_you_mean(rest[found.index], found.known)
    fix = f"did you mean `{above}.{close}`?" if close else None
    known = tuple(f"{above}.{each}" for each in found.known)
    return Nowhere("W303", f"`{above}` has no `{rest[found.index]}`", fix, known)


def whole_item(found: Part) -> Part | Nowhere:
    """What `{{ item }}` prints. A record would be printed with all that it holds, its mask too; who
    wants that says so."""
    if found.kind != "record":
        return found
    known = (*(f"item.{name}" for name in found.fields), "item | tojson")
    return Nowhere("W338", "`item` is a record of several values, not one", None, known)


def variable(rest: Sequence[str], scope: Scope) -> Part | Nowhere:
    """What `vars.thing` leads to."""
    if scope.vars is None or not rest or rest[0] in scope.vars:
        return ANY
    name = rest[0]
    message = f"there is no variable `vars.{name}`"
    close = did_you_mean(name, scope.vars)
    if close:
        return Nowhere("W311", message, f"did you mean `vars.{close}`?")
    if scope.vars:
        return Nowhere("W311", message, None, tuple(f"vars.{each}" for each in sorted(scope.vars)))
    return Nowhere("W311", message, f"add `{name}: …` under `vars:` at the top of the file")


def column(rest: Sequence[str], scope: Scope) -> Part | Nowhere:
    """What `row.label` leads to."""
    if not scope.has_dataset:
        if scope.columns is None:
            return ANY
        message = "there is no `row`: this workflow has no `dataset`"
        return Nowhere("W313", message, "use `vars.name`, or name a table under `dataset:`")
    if scope.columns is None or not rest or rest[0] in scope.columns:
        return ANY
    close = did_you_mean(rest[0], scope.columns, LOOSELY)
    message = f"the dataset has no column `{rest[0]}`"
    fix = f"did you mean `{_column_name(close)}`?" if close else None
    return Nowhere("W313", message, fix, tuple(_column_name(each) for each in scope.columns))


def truth(rest: Sequence[str], scope: Scope) -> Part | Nowhere:
    """What `truth.boxes.count` leads to."""
    if scope.truths is None:
        return ANY
    if not rest or rest[0] not in scope.truths:
        return _no_truth(rest, scope.truths)
    owner, path = scope.truths[rest[0]], rest[1:]
    if path and path[0] in LISTS and LISTS[path[0]] in owner.spaces:
        path = path[1:]
    found = part_in(owner, path)
    if not isinstance(found, NoSuchPart):
        return found
    name = path[found.index]
    above = ".".join(("truth", *rest[: len(rest) - len(path) + found.index]))
    close = did_you_mean(name, found.known)
    fix = f"did you mean `{above}.{close}`?" if close else None
    known = tuple(f"{above}.{each}" for each in found.known)
    return Nowhere("W303", f"`{above}` has no `{name}`", fix, known)


def _no_truth(rest: Sequence[str], truths: Mapping[str, Part]) -> Nowhere:
    known = tuple(f"truth.{name}" for name in truths)
    if not rest:
        return Nowhere("W316", "`truth` alone is no value", "write a name after it", known)
    message = f"there is no truth `truth.{rest[0]}`"
    close = did_you_mean(rest[0], truths)
    if close:
        return Nowhere("W316", message, f"did you mean `{'.'.join(('truth', close, *rest[1:]))}`?")
    fix = None if known else f"add `{rest[0]}: FILE` under `truth:`"
    return Nowhere("W316", message, fix, known)


def _column_name(name: str) -> str:
    return f"row.{name}" if name.isidentifier() else f"row['{name}']"


def _step_part(root: str, rest: Sequence[str], scope: Scope, number: int | None) -> Part | Nowhere:
    earlier = scope.before(number)
    if root not in earlier:
        if number is not None and root == tuple(scope.steps)[number]:
            return Nowhere(
                "W302", f"step `{root}` cannot use its own answer", "name an earlier step"
            )
        message = f"step `{root}` comes later: only the answers of earlier steps are known here"
        return Nowhere("W302", message, f"move step `{root}` above this one")
    found = part_at(scope.steps[root], rest)
    if isinstance(found, NoSuchPart):
        return no_part(root, rest, found, scope)
    return found


def no_part(root: str, rest: Sequence[str], found: NoSuchPart, scope: Scope) -> Nowhere:
    """The problem of a path that ends in an answer before it leads anywhere."""
    owner = ".".join((root, *rest[: found.index]))
    name = rest[found.index]
    if not found.known:
        kind = _KINDS.get(found.owner.kind, "a single value") if found.owner else "a single value"
        message = f"`{owner}` is {kind} and has no `{name}`"
        return Nowhere("W303", message, f"write {owner}")
    what = "the answer of step" if found.index == 0 else "an entry of" if _is_list(found) else ""
    message = " ".join(part for part in (what, f"`{owner}` has no `{name}`") if part)
    if found.index == 0 and name in LISTS:
        others = [each for each in LISTS if each in found.known]
        instead = f"look at {root}.{others[0]}" if others else ""
        asker = scope.asker(root)
        ask = f"write schema: {name} in step `{asker}`" if asker else ""
        fix = ", or ".join(filter(None, (ask, instead))) or None
        return Nowhere("W303", message, fix, tuple(f"{owner}.{each}" for each in found.known))
    close = did_you_mean(name, found.known)
    whole = ".".join((owner, close or "", *rest[found.index + 1 :]))
    fix = f"did you mean `{whole}`?" if close else None
    return Nowhere("W303", message, fix, tuple(f"{owner}.{each}" for each in found.known))


_KINDS = {"text": "a text", "number": "a number", "yes_no": "true or false"}


def _is_list(found: NoSuchPart) -> bool:
    return found.owner is not None and found.owner.kind == "list"


def _no_step(path: Sequence[str], scope: Scope, number: int | None) -> Nowhere:
    root = path[0]
    message = f"there is no step `{root}`"
    if scope.vars and root in scope.vars:
        return Nowhere("W301", message, f"write vars.{root}")
    if scope.columns and root in scope.columns:
        return Nowhere("W301", message, f"write row.{root}")
    earlier = scope.before(number)
    close = did_you_mean(root, earlier)
    if close:
        return Nowhere("W301", message, f"did you mean `{'.'.join((close, *path[1:]))}`?")
    owners = [step for step in earlier if root in names_of_step(scope.steps[step])]
    if owners:
        return Nowhere("W301", message, f"did you mean `{'.'.join((owners[0], *path))}`?")
    if root in ("image", "images", "case", "run", "matrix", "steps"):
        return Nowhere("W301", f"`{root}` cannot be used here", "name a step and a part of it")
    fix = None if earlier else "no step has an answer here yet"
    return Nowhere("W301", message, fix, earlier)


def names_of_step(shape: Shape | None) -> tuple[str, ...]:
    """The parts of an answer by name; none when its shape is not known."""
    return () if shape is None else shape.parts


def follow_in_template(path: Sequence[str], scope: Scope, number: int | None) -> Part | Nowhere:
    """What `{{ find.boxes }}` leads to in the template of a step. Images may be named, too."""
    root, *rest = path
    roles = scope.roles or ()
    if root in ("vars", "row"):
        if root == "vars" or scope.has_dataset or scope.columns is None:
            return follow(path, scope, number)
        return column(rest, scope)
    if root == "case":
        return _among(root, rest, ("name",))
    if root == "image" or root in roles:
        return _among(root, rest, IMAGE_FIELDS)
    if root in scope.steps or root == "item":
        return _in_step(path, scope, number)
    if root == "truth":
        message = "a prompt cannot show the truth: the model would be told the answer"
        return Nowhere("W330", message, "compare with it under `checks:`")
    if scope.roles is None or scope.open_steps:
        return ANY
    return _no_name(path, scope, number)


def _in_step(path: Sequence[str], scope: Scope, number: int | None) -> Part | Nowhere:
    """A path in an answer, by Jinja's rules: an entry of a list must be taken in a loop."""
    if ENTRY in path:
        at = list(path).index(ENTRY)
        owner = follow(path[:at], scope, number)
        entry = owner.entry if isinstance(owner, Part) and (at > 1 or path[0] == "item") else None
        return _in_entry(entry, path[:at], path[at + 1 :]) if entry is not None else ANY
    for size in range(2, len(path)):
        part = follow(path[:size], scope, number)
        if isinstance(part, Nowhere):
            return part
        if part.kind in ("list", "coordinates"):
            return _inside_list(".".join(path[:size]), path[size])
    return follow(path, scope, number)


def _in_entry(entry: Part, owner: Sequence[str], rest: Sequence[str]) -> Part | Nowhere:
    """What a path in an entry of a list leads to. A record of Jinja's has methods of its own, and
    things have every place that a run finds for them."""
    if not rest or entry.kind != "record" or rest[0] in _OF_RECORDS:
        return ANY
    if rest[0] in entry.fields:
        return _in_entry(entry.fields[rest[0]], (*owner, rest[0]), rest[1:])
    if entry.spaces and rest[0] in _OF_THINGS:
        return ANY
    name = ".".join(owner)
    message = f"an entry of `{name}` has no `{rest[0]}`"
    close = did_you_mean(rest[0], entry.fields)
    return Nowhere(
        "W303", message, f"did you mean `{close}`?" if close else None, tuple(entry.fields)
    )


_OF_RECORDS = frozenset({"items", "keys", "values", "get", ENTRY})
_OF_THINGS = frozenset({"label", "box", "point", "polygon", "mask", "box_3d", "score"})


def _inside_list(owner: str, name: str) -> Nowhere:
    message = f"`{owner}` is a list and has no `{name}` in a template"
    if OTHER_FILTERS.get(name) == "length":
        return Nowhere("W315", message, f"write {{{{ {owner} | length }}}}")
    fix = f"take each entry: {{% for entry in {owner} %}} {{{{ entry.{name} }}}} {{% endfor %}}"
    return Nowhere("W315", message, fix)


def _among(root: str, rest: Sequence[str], known: tuple[str, ...]) -> Part | Nowhere:
    if not rest or rest[0] in known:
        return ANY
    close = did_you_mean(rest[0], known)
    fix = f"did you mean `{root}.{close}`?" if close else f"write {one_of(known)} after `{root}.`"
    return Nowhere("W314", f"`{root}` has no `{rest[0]}`", fix)


def _no_name(path: Sequence[str], scope: Scope, number: int | None) -> Nowhere:
    root = path[0]
    message = f"there is nothing called `{root}` in a template"
    if scope.vars and root in scope.vars:
        return Nowhere("W312", message, f"write {{{{ vars.{root} }}}}")
    if scope.columns and root in scope.columns:
        return Nowhere("W312", message, f"write {{{{ {_column_name(root)} }}}}")
    if root == "images":
        return Nowhere(
            "W312", message, "images are sent by themselves; a prompt need not name them"
        )
    if len(path) > 1 and (close := did_you_mean(root, ("vars", "row", "image"))):
        return Nowhere("W312", message, f"did you mean `{'.'.join((close, *path[1:]))}`?")
    names = [*scope.before(number), *(scope.roles or ())]
    close = did_you_mean(root, [*names, *(scope.vars or ())])
    if close and scope.vars and close in scope.vars and close not in names:
        return Nowhere("W312", message, f"did you mean `vars.{close}`?")
    if close:
        return Nowhere("W312", message, f"did you mean `{'.'.join((close, *path[1:]))}`?")
    known = ["vars", *(["row"] if scope.has_dataset else []), "image", *names]
    fix = "for a variable of your own, write it under `vars:` and name it vars." + root
    return Nowhere("W312", message, fix, tuple(known))
