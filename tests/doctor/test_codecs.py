"""Decoders are tried, not imported."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from runner.doctor.codecs import NAMES, codecs
from runner.doctor.finding import Finding
from runner.doctor.samples import RED, SAMPLES
from runner.sources.sniff import CONVERTIBLE, SENT


def test_every_type_that_is_read_here_has_a_picture() -> None:
    """HEIF is HEIC by another name."""
    assert set(SAMPLES) == set(NAMES) == {*SENT, *CONVERTIBLE} - {"heif"}


def test_every_type_can_be_decoded_here() -> None:
    """One line."""
    told = "decoded: JPEG, PNG, WebP, HEIC/HEIF, AVIF, TIFF, GIF, BMP"
    assert [*codecs()] == [Finding("codecs", "ok", told)]


@pytest.mark.parametrize(("kind", "level"), [("heic", "warn"), ("jpeg", "fail")])
def test_a_decoder_that_gives_up_is_named(kind: str, level: str) -> None:
    """With what it said; it is a failure only where nothing goes without."""
    half = SAMPLES[kind][: len(SAMPLES[kind]) // 2]
    first, rest = codecs({kind: half, "png": SAMPLES["png"]})
    assert (first.level, first.says.startswith(f"{NAMES[kind]} cannot be decoded: ")) == (
        level,
        True,
    )
    assert rest == Finding("codecs", "ok", "decoded: PNG")


@pytest.mark.parametrize(
    ("size", "colour", "why"),
    [
        ((16, 16), (40, 40, 200), f"its colour is (40, 40, 200) instead of {RED}"),
        ((8, 16), RED, "it has 8 × 16 pixels instead of 16 × 16"),
    ],
)
def test_a_decoder_that_makes_another_picture_is_told(
    size: tuple[int, int], colour: tuple[int, int, int], why: str
) -> None:
    """Its size and its colour are looked at."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    (found,) = codecs({"png": out.getvalue()})
    assert (found.level, found.says) == ("fail", f"PNG cannot be decoded: {why}")
