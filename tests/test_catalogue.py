"""The catalogue of models: complete, sourced, and asked without looking anything up by hand."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
import yaml

from runner.catalogue import (
    DATA,
    DEFAULT_MODEL,
    LEVELS,
    Certainty,
    Model,
    Price,
    catalogue,
    read_catalogue,
)
from runner.values.shape import Coordinates, Scale

TODAY = date(2026, 11, 20)
ALL = sorted(catalogue().models)
TOLD = {
    "gemini-3.8-flash": "low medium high",
    "gemini-3.7-flash": "low medium high",
    "gemini-3.6-flash": "minimal low medium high",
    "gemini-3.5-flash": "minimal low medium high",
    "gemini-3.5-flash-lite": "minimal low medium high",
    "gemini-3.1-flash-lite": "minimal low medium high",
    "gemini-3-flash-preview": "minimal low medium high",
    "gemini-3.1-pro-preview": "low medium high",
    "gemini-4-argon": "low medium high",
    "gemini-4-carbon": "low medium high xhigh",
    "gemini-4-hydrogen": "low medium high xhigh",
    "gemini-2.5-pro": "",
    "gemini-2.5-flash": "none",
    "gemini-2.5-flash-lite": "none",
}
"""The levels that each model accepts, as published."""


@pytest.mark.parametrize("name", TOLD)
def test_a_model_accepts_the_levels_that_are_published(name: str) -> None:
    """`none` is a level of those models of which the number of tokens may be 0."""
    assert catalogue().model(name).thinking == tuple(TOLD[name].split())


@pytest.mark.parametrize("name", ALL)
def test_every_fact_has_a_source_a_date_and_a_certainty(name: str) -> None:
    """A fact that nobody can look up again is not in the catalogue."""
    model = catalogue().models[name]
    groups = {"thinking", "images", "masks", "limits", "prices"}
    assert groups <= model.sources.keys()
    assert (model.deprecated is not None) == ("deprecated" in model.sources)
    for source in model.sources.values():
        assert source.checked == TODAY
        assert bool(source.url) == (source.certainty not in ("assumed", "unknown"))


@pytest.mark.parametrize("name", ALL)
def test_a_model_makes_sense(name: str) -> None:
    """Its default is one that it accepts, its words are words of the format, its prices follow one
    another without a gap."""
    model = catalogue().models[name]
    assert set(model.thinking) <= set(LEVELS)
    assert model.default_thinking is None or model.default_thinking in model.thinking
    assert model.family in model.families
    assert set(model.image_tokens or {}) <= {"default", *model.resolutions}
    assert model.token_rule == "tiles" or set(model.resolutions) <= set(model.image_tokens or {})
    ends = [price.until for price in model.prices if price.until]
    starts = [price.since for price in model.prices if price.since]
    assert [end.toordinal() + 1 for end in ends] == [start.toordinal() for start in starts]


@pytest.mark.parametrize(
    ("name", "day", "input_tokens", "price"),
    [
        ("gemini-3.5-flash", TODAY, 0, (1.50, 9.00)),
        ("gemini-3.8-flash", date(2026, 12, 31), 0, (0.75, 3.75)),
        ("gemini-3.8-flash", date(2027, 1, 1), 0, (1.50, 7.50)),
        ("gemini-4-argon", date(2026, 11, 30), 0, (2, 10)),
        ("gemini-4-argon", date(2026, 12, 1), 0, (4, 20)),
        ("gemini-3.1-pro-preview", TODAY, 200_000, (2, 12)),
        ("gemini-3.1-pro-preview", TODAY, 200_001, (4, 18)),
        ("gemini-2.5-pro", TODAY, 300_000, (2.50, 15)),
        ("gemma-4-31b-it", TODAY, 0, None),
        ("a-model-of-next-year", TODAY, 0, None),
    ],
)
def test_a_price_holds_on_its_days_and_for_its_sizes(
    name: str, day: date, input_tokens: int, price: tuple[float, float] | None
) -> None:
    """None means that nobody knows it, which is not the same as free."""
    found = catalogue().model(name).price_on(day, input_tokens)
    assert (found and (found.input, found.output)) == price


def test_a_price_may_be_over() -> None:
    """Then there is none, rather than an old one."""
    model = Model("m", prices=(Price(1, 2, until=date(2026, 1, 1)),))
    assert model.price_on(TODAY) is None


@pytest.mark.parametrize(
    ("name", "accepted", "refused"),
    [
        ("gemini-2.5-pro", [-1, 128, 32768], [-2, 0, 1, 127, 32769]),
        ("gemini-2.5-flash", [-1, 0, 1, 24576], [-2, 24577]),
        ("gemini-2.5-flash-lite", [-1, 0, 512, 24576], [1, 511, 24577]),
        ("gemini-3.5-flash", [], [-1, 0, 1, 1000]),
        ("gemma-4-31b-it", [-1, 0, 1, 1_000_000], []),
        ("a-model-of-next-year", [-1, 0, 1, 1_000_000], []),
    ],
)
def test_a_number_of_thinking_tokens_has_its_range(
    name: str, accepted: list[int], refused: list[int]
) -> None:
    """0 and −1 are accepted or not on their own; what is not known refuses nothing."""
    model = catalogue().model(name)
    assert [n for n in (*accepted, *refused) if model.accepts_budget(n)] == accepted


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("gemini-3.8-flash", ["none", "minimal", "xhigh"]),
        ("gemini-2.5-pro", list(LEVELS)),
        ("gemini-4-carbon", []),
        ("gemini-flash-latest", []),
        ("a-model-of-next-year", []),
    ],
)
def test_a_level_is_refused_only_when_somebody_says_so(name: str, refused: list[str]) -> None:
    """What is assumed or not known refuses nothing: the service decides."""
    model = catalogue().model(name)
    assert [level for level in LEVELS if not model.accepts_thinking(level)] == refused


def test_a_model_of_next_year_is_known_to_be_unknown() -> None:
    """It accepts everything, and its close relatives are named."""
    assert not catalogue().model("gemini-3.5-flahs").known
    assert catalogue().close("gemini-3.5-flahs")[0] == DEFAULT_MODEL
    assert catalogue().model(DEFAULT_MODEL).known


def test_moving_and_deprecated_names_say_so() -> None:
    """For the warnings of `validate`."""
    models = catalogue().models
    moving = {name for name, model in models.items() if model.alias_of}
    assert moving == {"gemini-flash-latest", "gemini-flash-lite-latest", "gemini-pro-latest"}
    assert {name: model.deprecated for name, model in models.items() if model.deprecated} == {
        "gemini-3-flash-preview": "use gemini-3.8-flash instead"
    }


def test_masks_are_pixels_in_2_5_and_polygons_since() -> None:
    """The two generations answer in ways that cannot be mixed up."""
    png = {name for name, model in catalogue().models.items() if model.masks == "png"}
    assert png == {"gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"}


def test_models_that_take_a_number_of_tokens_are_asked_where_it_can_be_said() -> None:
    """Only generateContent has a word for it."""
    for model in catalogue().models.values():
        assert (model.family == "generate_content") == (model.budget is not None)


def test_no_key_of_the_file_turns_into_another_type() -> None:
    """YAML 1.1 reads `off` and `no` as false."""
    data = yaml.safe_load(DATA.read_bytes())

    def keys(value: object) -> list[object]:
        if isinstance(value, dict):
            return [*value, *(key for inner in value.values() for key in keys(inner))]
        return [key for inner in value for key in keys(inner)] if isinstance(value, list) else []

    assert {type(key) for key in keys(data)} == {str}


def test_another_default_than_the_code_says_is_an_error() -> None:
    """The file and the code cannot part."""
    changed = DATA.read_bytes().replace(b"default: gemini-3.5-flash", b"default: gemini-4-argon")
    with pytest.raises(ValueError, match=r"the default model is gemini-3\.5-flash"):
        read_catalogue(changed)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("qwen3-vl:8b", Coordinates("1000", y_first=False)),
        ("Qwen/Qwen3-VL-30B-A3B-Instruct", Coordinates("1000", y_first=False)),
        ("qwen2.5vl:7b", Coordinates("pixel", y_first=False)),
        ("Qwen/Qwen2.5-VL-7B-Instruct-AWQ", Coordinates("pixel", y_first=False)),
        ("qwen2-vl:7b", Coordinates("1000", y_first=False)),
        ("zai-org/GLM-4.5V", Coordinates("1000", y_first=False)),
        ("qwen3:8b", None),
        ("llava", None),
    ],
)
def test_the_coordinates_of_other_models_are_known_however_servers_spell_them(
    name: str, found: Coordinates | None
) -> None:
    """And only where somebody says so."""
    assert catalogue().coordinates_of(name) == found


def test_the_coordinates_of_other_models_are_in_the_words_of_the_format() -> None:
    """Each fact has a page and a certainty, like every other."""
    data = yaml.safe_load(DATA.read_bytes())
    for each in data["coordinates"].values():
        assert str(each["scale"]) in get_args(Scale)
        assert each["order"] in ("yxyx", "xyxy")
        assert data["sources"][each["source"]]["url"].startswith("https://")
        assert each["certainty"] in get_args(Certainty)
