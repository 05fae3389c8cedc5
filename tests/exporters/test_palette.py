"""Colours can be told apart and belong to a label."""

from __future__ import annotations

from runner.exporters.palette import COLOURS, DARK, LIGHT, Palette, on_top_of


def test_a_label_keeps_its_colour() -> None:
    """In every image of an output, and from run to run as long as nobody took it before."""
    assert Palette().colour("cat") == Palette().colour("cat")
    palette = Palette()
    first = palette.colour("cat")
    for label in ("dog", "cow", "cup"):
        palette.colour(label)
    assert palette.colour("cat") == first


def test_the_first_labels_never_share_a_colour() -> None:
    """Whatever their digests say."""
    palette = Palette()
    labels = ["healthy", "diseased", "cat", "dog", "a", "b", "c"]
    assert sorted(palette.colour(label) for label in labels) == sorted(COLOURS)


def test_further_labels_share_colours_and_take_no_memory() -> None:
    """A model may invent a hundred thousand labels."""
    palette = Palette()
    colours = [palette.colour(str(number)) for number in range(1000)]
    assert set(colours) == set(COLOURS)
    assert len(palette.given) == len(COLOURS)


def test_labels_of_one_image_share_no_colour_while_there_are_some_left() -> None:
    """Also those that come late, when every colour belongs to a label already."""
    palette = Palette()
    for label in ("healthy", "diseased", "cat", "dog", "a", "b", "c"):
        palette.colour(label)
    late = ["brown", "dark red", None, "cat", "x", "y", "z"]
    colours = palette.colours(late)
    assert sorted(colours.values()) == sorted(COLOURS)
    assert colours["cat"] == palette.colour("cat")
    assert colours[None] == COLOURS[0]
    assert palette.colours(late) == colours
    assert palette.colours(["brown"]) == {"brown": palette.colour("brown")}
    assert set(palette.colours(str(number) for number in range(100)).values()) == set(COLOURS)


def test_things_without_a_label_have_one_colour() -> None:
    """The first."""
    assert Palette().colour(None) == COLOURS[0]


def test_letters_stand_out_from_their_ground() -> None:
    """At least 4.5 to 1 on every colour, as WCAG asks."""

    def luminance(colour: tuple[int, int, int]) -> float:
        parts = [c / 255 for c in colour]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour in (*COLOURS, DARK, LIGHT):
        low, high = sorted((luminance(colour), luminance(on_top_of(colour))))
        assert (high + 0.05) / (low + 0.05) >= 4.5


def test_any_number_of_labels_of_one_image_have_their_colours() -> None:
    """The first seven never share one, and which labels have it does not change that."""
    labels = [f"label {number}" for number in range(20_000)]
    colours = Palette().colours(labels)
    assert colours.keys() == set(labels)
    assert len({colours[label] for label in labels[: len(COLOURS)]}) == len(COLOURS)
