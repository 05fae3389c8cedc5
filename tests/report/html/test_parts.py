"""The parts of a report: markup that nothing escapes from, outlines, charts, pictures, the policy."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from runner.report.html.charts import Dot, bar, scatter
from runner.report.html.element import el, link_to
from runner.report.html.marks import ORDER, SIGNS, in_order, rank
from runner.report.html.outline import path_of
from runner.report.html.page import policy
from runner.report.html.pictures import LARGEST, Encoder, Picture, room_beside
from runner.report.html.things import brief, cut, spelled
from runner.report.html.words import changes
from runner.values.geometry import Point, Polygon, Size
from runner.values.result import ResultImage

EXAMPLES = Path(__file__).parents[3] / "examples"
IMAGE = ResultImage("a.png", "image", "a.png", Size(900, 600), 1, "0" * 64)


def test_whatever_is_told_is_escaped_in_text_and_in_attributes():
    """Only what `el` made itself is markup."""
    shown = el("p", '<b a="1">&\'', el("b", "x"), None, title='"><script>')
    assert shown == (
        '<p title="&quot;&gt;&lt;script&gt;">&lt;b a=&quot;1&quot;&gt;&amp;&#x27;<b>x</b></p>'
    )


def test_a_number_leads_to_the_cases_behind_it():
    assert link_to("3", check="a & b", combination=2) == (
        '<a href="#show=cases&amp;check=a+%26+b&amp;combination=2">3</a>'
    )


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_difference_leaves_nothing_out(before: str, now: str):
    """What stayed and what is gone make up the text before, what stayed and what is new that of now."""
    parts = list(changes(before, now))
    assert "".join(text for change, text in parts if change != "new") == before
    assert "".join(text for change, text in parts if change != "gone") == now


def test_marks_are_told_worst_first_and_each_has_a_sign_of_its_own():
    assert in_order(["changed", "fails", "changed"]) == ("fails", "changed")
    assert in_order([]) == ("fine",)
    assert rank(("worse",), 0) < rank(("fails",), 0) < rank(("fine",), 0)
    assert rank(("worse", "fails"), 0) < rank(("worse",), 0)
    assert rank(("fails",), 0.7) < rank(("fails",), 0.2)
    assert len(set(SIGNS.values())) == len(ORDER)


def test_an_outline_has_only_the_corners_that_one_sees():
    steps = [(x, 0) for x in range(0, 2000, 2)] + [(2000, 2000), (0, 2000)]
    ring = Polygon(tuple(Point(x, y) for x, y in steps))
    assert path_of([ring], Size(2000, 2000)) == "M0 0 1998 0 2000 2000 0 2000Z"


@pytest.mark.parametrize(
    ("value", "said"),
    [("a", "a"), ({"name": "cup", "n": 2}, "name: cup, n: 2"), ([1, None], "[1, null]")],
)
def test_a_value_is_told_in_one_line(value: object, said: str):
    assert brief(value) == said


def test_long_answers_say_how_much_is_left_out_and_run_lengths_are_not_shown():
    assert cut("abcdef", 2) == "ab… (4 more letters)"
    assert spelled({"mask": {"size": [1, 1], "counts": "01"}}) == '{\n "mask": "…"\n}'


def test_a_page_runs_its_own_script_and_style_and_nothing_else():
    digest = base64.b64encode(hashlib.sha256(b"b").digest()).decode()
    told = policy("a", "b", "file")
    assert told.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in told
    assert "img-src 'self' file:;" in policy("a", "b", "folder")


def test_charts_have_no_styles_of_their_own_and_give_their_numbers_as_text():
    shown = scatter([Dot(1, 0.001, 0.5, True), Dot(2, 0.004, 0.9, False)], "recall", "")
    assert "style=" not in shown + bar(0.5, 0.9)
    assert re.findall(r'class="in-dot">(\d)<', shown) == ["1", "2"]
    assert "recall against the cost per case" in shown
    ticks = [float(tick) for tick in re.findall(r'class="tick end">([^<]*)<', shown)]
    assert ticks == [0.4, 0.6, 0.8, 1.0]


def _noise(seed: int) -> bytes:
    """A photograph is never so hard to make small."""
    image = Image.effect_noise((500, 400), 90 + seed)
    file = io.BytesIO()
    image.convert("RGB").save(file, "PNG")
    return file.getvalue()


def test_many_images_together_stay_within_their_room():
    content = _noise(0)
    encoder = Encoder(lambda image: content, 10, 100_000)
    made = [encoder.picture(IMAGE) for _ in range(10)]
    assert all(isinstance(each, Picture) for each in made)
    assert sum(len(each.content) for each in made if isinstance(each, Picture)) <= 100_000


def test_two_hundred_photographs_leave_room_for_what_is_said_of_them():
    """A page with 200 images has less than 6 MB: as base64 they take what 1.5 MB of answers leave, and
    each is worth looking at. Here are the first twenty of them."""
    photograph = Image.open(EXAMPLES / "01-first-boxes" / "photos" / "coffee.jpg").convert("RGB")

    def another(image: ResultImage) -> bytes:
        file = io.BytesIO()
        turned = photograph.rotate(len(sizes) * 1.7).resize((1200, 800))
        turned.save(file, "JPEG", quality=95)
        return file.getvalue()

    encoder, sizes = Encoder(another, 200, room_beside(1_500_000)), []
    for _ in range(20):
        made = encoder.picture(IMAGE)
        assert isinstance(made, Picture)
        assert made.width >= 384
        sizes.append(len(made.address))
    assert sum(sizes) < (LARGEST - 1_500_000) / 10 * 1.01


def test_an_image_that_is_gone_or_broken_is_told_in_its_place():
    assert Encoder(lambda image: None, 1).picture(IMAGE) == (
        "the image is not here any more, or is not what it was"
    )
    broken = Encoder(lambda image: b"no image", 1).picture(IMAGE)
    assert isinstance(broken, str)
    assert broken.startswith("the image cannot be opened: ")
