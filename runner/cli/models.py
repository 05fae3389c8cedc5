"""`askpix models` — what each model accepts and costs, with the source of every fact.

`--format json` prints a list of models, or one object when a model is named. Each has `name`,
`default` (true for the model that is asked when a workflow names none), `api`, `thinking`,
`default_thinking`, `thinking_budget` (null, or `min`, `max` and `zero`), `resolutions`,
`resolution_for_each_image`, `image_tokens`, `masks`, `input_limit`, `output_limit`, `price` (today,
null when it is not known), `prices`, `alias_of`, `deprecated` and `sources` by group of facts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import click

from runner.catalogue import DEFAULT_MODEL, Catalogue, Model, Price, Source, catalogue
from runner.cli.exits import NOTHING_RAN
from runner.text.suggest import did_you_mean

UNKNOWN = "?"
"""Stands where nobody documents a fact."""

HEADS = ("MODEL", "THINKING (* default)", "MASKS", "IMAGES", "$ IN", "$ OUT")
RIGHT = (4, 5)
"""The columns with numbers."""


@click.command()
@click.argument("name", required=False)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(name: str | None, form: str) -> int:
    """List the models: what they accept and cost. With NAME, everything about one of them."""
    known, today = catalogue(), date.today()
    if name is not None and name not in known.models:
        close = did_you_mean(name, known.models)
        hint = f"; did you mean `{close}`?" if close else ""
        why = "there is no such model in the catalogue (a workflow may name it all the same)"
        click.echo(f"error: `{name}`: {why}{hint}", err=True)
        return NOTHING_RAN
    if form == "json":
        models = [as_json(model, today) for model in known.models.values()]
        value = models if name is None else as_json(known.model(name), today)
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
    elif name is not None:
        click.echo(page(known.model(name), today))
    else:
        _print_table([row(model, today) for model in known.models.values()])
        click.echo("\n".join(["", *notes(known, today), "", *footer(known, today)]))
    return 0


def row(model: Model, day: date) -> tuple[str, ...]:
    """One line of the table, by its columns."""
    price = model.price_on(day)
    return (
        model.name,
        _thinking(model),
        model.masks + _mark(model, "masks"),
        model.resolutions[-1] + _mark(model, "images"),
        f"{price.input:.2f}" if price else UNKNOWN,
        f"{price.output:.2f}" if price else UNKNOWN,
    )


def table(rows: Iterable[Sequence[str]]) -> str:
    """The table as plain text, its columns under one another."""
    lines = [HEADS, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def notes(known: Catalogue, day: date) -> list[str]:
    """What does not fit into the columns, each note with the models that it is about."""
    about: dict[str, list[str]] = {}
    for model in known.models.values():
        if note := _note(model, day):
            about.setdefault(note, []).append(model.name)
    return [f"{', '.join(names)}: {note}" for note, names in about.items()]


def footer(known: Catalogue, day: date) -> list[str]:
    """What the columns mean and where the facts come from."""
    pages = {s.url: s.page for m in known.models.values() for s in m.sources.values() if s.url}
    width = max(map(len, pages.values()))
    return [
        f"Without `model:` it is {DEFAULT_MODEL}. IMAGES is the highest `media_resolution`.",
        f"Dollars are for a million tokens on {day}; thoughts cost like output.",
        f"{UNKNOWN} marks what is assumed or not known. `askpix models NAME` tells more.",
        "",
        f"Looked up on {known.checked}; nothing was observed on the service itself:",
        *(f"  {page:<{width}}  {url}" for url, page in pages.items()),
    ]


def page(model: Model, day: date) -> str:
    """Everything about one model."""
    facts = {
        "api": f"{model.family} (or {_others(model)})",
        "thinking": _thinking(model),
        "resolutions": _resolutions(model),
        "image tokens": _image_tokens(model),
        "masks": f"{model.masks}{_doubt(model, 'masks')}",
        "limits": f"{model.input_limit:,} tokens in, {model.output_limit:,} out"
        + _doubt(model, "limits"),
        "price": "; ".join(map(_price, model.prices)) or "not known",
    }
    note = _note(model, day)
    return "\n".join(
        [
            model.name + (" (the default)" if model.name == DEFAULT_MODEL else ""),
            *([f"  {note}"] if note else []),
            "",
            *(f"  {name:<12}  {fact}" for name, fact in facts.items()),
            "",
            "  Where this comes from",
            *(f"  {group:<12}  {_source(source)}" for group, source in model.sources.items()),
        ]
    )


def as_json(model: Model, day: date) -> dict[str, object]:
    """A model as the value that `--format json` prints."""
    price = model.price_on(day)
    low, high = model.budget or (None, None)
    return {
        "name": model.name,
        "default": model.name == DEFAULT_MODEL,
        "api": model.family,
        "thinking": list(model.thinking),
        "default_thinking": model.default_thinking,
        "thinking_budget": {"min": low, "max": high, "zero": model.budget_may_be_zero}
        if model.budget
        else None,
        "resolutions": list(model.resolutions),
        "resolution_for_each_image": model.image_resolution,
        "image_tokens": dict(model.image_tokens or {}),
        "masks": model.masks,
        "input_limit": model.input_limit,
        "output_limit": model.output_limit,
        "price": _price_json(price) if price else None,
        "prices": [_price_json(price) for price in model.prices],
        "alias_of": model.alias_of,
        "deprecated": model.deprecated,
        "sources": {group: _source_json(source) for group, source in model.sources.items()},
    }


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    if not sys.stdout.isatty():
        click.echo(table(rows))
        return
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for column, head in enumerate(HEADS):
        right = column in RIGHT
        drawn.add_column(head, justify="right" if right else "left", no_wrap=column != 1)
    for cells in rows:
        drawn.add_row(*cells)
    Console().print(drawn, markup=False, highlight=False)


def _thinking(model: Model) -> str:
    if model.sources["thinking"].certainty == "unknown":
        return UNKNOWN
    levels = [f"{x}*" if x == model.default_thinking else x for x in model.thinking]
    if model.budget:
        levels.append(f"budget {model.budget[0]}–{model.budget[1]}, −1")
    return " ".join(levels) + _mark(model, "thinking")


def _mark(model: Model, group: str) -> str:
    return "" if model.is_sure(group) else UNKNOWN


def _note(model: Model, day: date) -> str:
    if model.alias_of:
        return f"means {model.alias_of}, which changes"
    if model.deprecated:
        return f"deprecated: {model.deprecated}"
    later = [price for price in model.prices if price.since and price.since > day]
    if later:
        return f"{later[0].input:.2f} / {later[0].output:.2f} from {later[0].since}"
    above = [price for price in model.prices if price.above_input_tokens]
    if above:
        limit = f"{above[0].above_input_tokens:,}"
        return f"{above[0].input:.2f} / {above[0].output:.2f} above {limit} tokens in"
    return ""


def _others(model: Model) -> str:
    return ", ".join(family for family in model.families if family != model.family)


def _resolutions(model: Model) -> str:
    where = "for each image or for all" if model.image_resolution else "for all images"
    return f"{', '.join(model.resolutions)}; {where}{_doubt(model, 'images')}"


def _image_tokens(model: Model) -> str:
    counts = {k: v for k, v in (model.image_tokens or {}).items() if k != "default"}
    told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    if model.token_rule == "tiles":
        return f"{told}; otherwise 258 for each tile of the image"
    default = (model.image_tokens or {}).get("default", 0)
    return f"at most {told}; {default:,} when none is said{_doubt(model, 'images')}"


def _doubt(model: Model, group: str) -> str:
    return "" if model.is_sure(group) else f" ({model.sources[group].certainty})"


def _price(price: Price) -> str:
    words = [f"${price.input:.2f} in, ${price.output:.2f} out"]
    words += [f"from {price.since}"] if price.since else []
    words += [f"until {price.until}"] if price.until else []
    above = price.above_input_tokens
    words += [f"above {above:,} tokens in"] if above else []
    return " ".join(words)


def _source(source: Source) -> str:
    where = f"{source.page}, {source.url}" if source.url else source.page
    return f"{source.certainty}: {where} ({source.checked})"


def _price_json(price: Price) -> Mapping[str, object]:
    return {
        "input": price.input,
        "output": price.output,
        "since": price.since and price.since.isoformat(),
        "until": price.until and price.until.isoformat(),
        "above_input_tokens": price.above_input_tokens,
    }


def _source_json(source: Source) -> Mapping[str, object]:
    return {
        "page": source.page,
        "url": source.url,
        "checked": source.checked.isoformat(),
        "certainty": source.certainty,
    }
