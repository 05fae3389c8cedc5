"""`askpix models`: the catalogue for people and for programs."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.catalogue import catalogue
from runner.cli.models import command, footer, notes, page, row, table

TODAY = date(2026, 11, 20)
HERE = Path(__file__).parent


def test_the_table_shows_every_model(accepted: object) -> None:
    """What each accepts and costs, what is assumed, and where it was looked up."""
    known = catalogue()
    lines = [table([row(model, TODAY) for model in known.models.values()])]
    text = "\n".join([*lines, "", *notes(known, TODAY), "", *footer(known, TODAY), ""])
    accepted(HERE / "models.txt", text)  # type: ignore[operator]


@pytest.mark.parametrize(
    "name", ["gemini-3.5-flash", "gemini-2.5-flash", "gemini-4-carbon", "gemini-flash-latest"]
)
def test_the_page_of_a_model_tells_all_that_is_known(name: str, accepted: object) -> None:
    """Every group of facts with its source."""
    text = page(catalogue().model(name), TODAY) + "\n"
    accepted(HERE / f"models-{name}.txt", text)  # type: ignore[operator]


def test_off_a_terminal_the_table_is_plain_text() -> None:
    """Aligned by spaces; nothing but the result on stdout."""
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 0
    assert result.stdout.startswith("MODEL  ")
    assert "\x1b" not in result.stdout
    assert result.stderr == ""


def test_the_catalogue_is_json_for_programs() -> None:
    """A list of all models, or one object."""
    everything = json.loads(CliRunner().invoke(command, ["--format", "json"]).stdout)
    one = CliRunner().invoke(command, ["gemini-2.5-flash", "--format", "json"])
    assert [model["name"] for model in everything] == list(catalogue().models)
    assert [model["name"] for model in everything if model["default"]] == ["gemini-3.5-flash"]
    assert json.loads(one.stdout) == {
        "name": "gemini-2.5-flash",
        "default": False,
        "api": "generate_content",
        "thinking": ["none"],
        "default_thinking": None,
        "thinking_budget": {"min": 1, "max": 24576, "zero": True},
        "resolutions": ["low", "medium", "high"],
        "resolution_for_each_image": False,
        "image_tokens": {"low": 64, "medium": 256},
        "masks": "png",
        "input_limit": 1048576,
        "output_limit": 65536,
        "price": _price(0.30, 2.50),
        "prices": [_price(0.30, 2.50)],
        "alias_of": None,
        "deprecated": None,
        "sources": {
            "thinking": _source(
                "Thinking, and Google Cloud's page of that name", "thinking", "documented"
            ),
            "images": _source("Image understanding", "image-understanding", "reported"),
            "masks": _source("Image understanding", "image-understanding", "documented"),
            "limits": _source("Models", "models", "reported"),
            "prices": _source(
                "Pricing (third-party transcription of about 2026-10-07)",
                "pricing",
                "transcription",
            ),
        },
    }


def _price(in_usd: float, out_usd: float) -> dict[str, object]:
    dates = {"since": None, "until": None, "above_input_tokens": None}
    return {"input": in_usd, "output": out_usd, **dates}


def _source(page: str, name: str, certainty: str) -> dict[str, str]:
    url = f"https://ai.google.dev/gemini-api/docs/{name}"
    return {"page": page, "url": url, "checked": "2026-11-20", "certainty": certainty}


def test_a_misspelt_model_is_told_its_close_relative() -> None:
    """Not an error in a workflow, but there is no page to print."""
    result = CliRunner().invoke(command, ["gemini-3.5-flahs"], standalone_mode=False)
    assert result.return_value == 2
    assert result.stdout == ""
    assert result.stderr == (
        "error: `gemini-3.5-flahs`: there is no such model in the catalogue (a workflow may name"
        " it all the same); did you mean `gemini-3.5-flash`?\n"
    )
