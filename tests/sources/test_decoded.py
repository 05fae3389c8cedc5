"""Images that are cut into many parts are decoded once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from PIL import Image

from runner.sources.decoded import Decoded


def image(side: int) -> Image.Image:
    return Image.new("RGB", (side, side))


def test_an_image_is_decoded_once_for_all_who_ask_at_once() -> None:
    """Also when they ask at the same moment."""
    decoded, made, ready = Decoded(), [], Barrier(4)

    def decode() -> Image.Image:
        made.append(1)
        return image(8)

    def ask() -> Image.Image:
        ready.wait()
        return decoded.pixels("a", decode)

    with ThreadPoolExecutor(4) as pool:
        found = [each.result() for each in [pool.submit(ask) for _ in range(4)]]
    assert len(made) == 1
    assert len({id(each) for each in found}) == 1


def test_only_the_last_few_are_kept() -> None:
    """As many as fit into the bytes; the newest always."""
    decoded, made = Decoded(most_bytes=2 * 3 * 8 * 8), []

    def ask(name: str, side: int = 8) -> None:
        def decode() -> Image.Image:
            made.append(name)
            return image(side)

        decoded.pixels(name, decode)

    for name in ("a", "b", "a", "c", "a", "b"):
        ask(name)
    assert made == ["a", "b", "c", "b"]
    ask("large", 100)
    ask("large", 100)
    ask("b")
    assert made == ["a", "b", "c", "b", "large", "b"]


def test_what_cannot_be_decoded_is_tried_again() -> None:
    """By the next one who asks."""

    def fail() -> Image.Image:
        raise OSError("broken")

    decoded = Decoded()
    with pytest.raises(OSError, match="broken"):
        decoded.pixels("a", fail)
    assert decoded.pixels("a", lambda: image(2)).size == (2, 2)
