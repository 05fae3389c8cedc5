"""Which images are worth an upload, and which must be uploaded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.values.geometry import Size
from runner.values.image import DataOrigin, Image
from runner.values.passing import as_base64, likely_bytes, pays, uploads

MB = 1 << 20


@pytest.mark.parametrize(
    ("size", "uses", "is_worth_it"),
    [
        (75 * MB, 1, False),
        (75 * MB, 2, False),
        (1_398_090, 3, False),  # 3 × 4/3 − 1 = 3 times its size less travels
        (1_398_200, 3, True),
        (300 * 1024, 10, False),
        (360 * 1024, 10, True),
        (20 * 1024, 100, False),
        (40 * 1024, 100, True),
    ],
)
def test_an_upload_pays_when_much_less_travels(size: int, uses: int, is_worth_it: bool) -> None:
    """At least three requests need the image, and at least 4 MB are saved."""
    assert pays(size, uses) == is_worth_it


@pytest.mark.parametrize(
    ("upload", "chosen"),
    [
        ("inline", (None, None, None)),
        ("uri", (None, None, None)),
        ("files", ("said", "said", "said")),
        ("auto", ("used", None, "large")),
    ],
)
def test_the_workflow_decides_or_leaves_it_to_the_sizes(upload: str, chosen: tuple[str]) -> None:
    """Of three images one is used ten times, and the other two do not fit together."""
    images = [(MB, 10), (30 * MB, 1), (60 * MB, 1)]
    assert uploads(upload, images, 1000, 100_000_000) == chosen  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(st.integers(0, 200 * MB), st.integers(1, 9)), max_size=9),
    st.integers(0, 90_000_000),
)
def test_what_travels_within_a_request_fits_into_it(
    images: list[tuple[int, int]], others: int
) -> None:
    """And no image is uploaded for its size that would have fitted with the smaller ones."""
    most = 100_000_000
    chosen = uploads("auto", images, others, most)
    within = [as_base64(size) for (size, _), why in zip(images, chosen, strict=True) if not why]
    assert others + sum(within) <= most
    large = [
        as_base64(size) for (size, _), why in zip(images, chosen, strict=True) if why == "large"
    ]
    assert not large or others + sum(within) + min(large) > most


@pytest.mark.parametrize(
    ("recipe", "size"),
    [((), 5000), (("upright",), 10_000), (("frame:0", "convert:png"), 3 * 40 * 30)],
)
def test_the_size_of_a_converted_image_is_estimated(recipe: tuple[str, ...], size: int) -> None:
    """It is known only when it is its turn."""
    image = Image("a", "image", DataOrigin(b""), "image/png", Size(40, 30), "", 5000, recipe=recipe)
    assert likely_bytes(image) == size
