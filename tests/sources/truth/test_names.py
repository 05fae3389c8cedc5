"""Which image a truth file means by a name."""

from __future__ import annotations

import pytest

from runner.sources.truth.names import Named, Names
from runner.values.result import ResultImage


def image(path: str | None, name: str = "x.jpg", address: str | None = None) -> ResultImage:
    return ResultImage(name, "image", path, None, 1, None, address=address)


def names_of(*names: str) -> Names:
    names_ = Names()
    names_.add_images(Named(name, name, "") for name in names)
    names_.seal()
    return names_


@pytest.mark.parametrize(
    ("names", "path", "meant"),
    [
        (["x.jpg"], "/data/photos/x.jpg", "x.jpg"),
        (["a/x.jpg", "b/x.jpg"], "/data/b/x.jpg", "b/x.jpg"),
        (["a/x.jpg", "x.jpg"], "/data/a/x.jpg", "a/x.jpg"),
        (["a\\x.jpg", "b\\x.jpg"], "/data/b/x.jpg", "b\\x.jpg"),
        (["/home/else/photos/x.jpg"], "/data/photos/x.jpg", "/home/else/photos/x.jpg"),
        (["./x.jpg"], "/data/x.jpg", "./x.jpg"),
        (["x"], "/data/x.jpg", "x"),
        (["x", "x.jpg"], "/data/x.jpg", "x.jpg"),
        (["u\u0308.jpg"], "/data/\u00fc.jpg", "u\u0308.jpg"),
        (["x.jpg"], "https://a.example/b/x.jpg?size=1", "x.jpg"),
        (["a b.jpg"], "https://a.example/a%20b.jpg", "a b.jpg"),
        (["x.jpg"], None, "x.jpg"),
    ],
)
def test_a_name_means_the_image_whose_path_ends_like_it(
    names: list[str], path: str | None, meant: str
) -> None:
    """As many parts as possible agree, from the end."""
    found = names_of(*names).named(image(path))
    assert isinstance(found, Named)
    assert found.name == meant


def test_a_fetched_image_is_called_like_its_address() -> None:
    """Its copy in the run folder has another name."""
    found = names_of("x.jpg").named(
        image("/runs/images/4f2a.jpg", address="https://a.example/x.jpg")
    )
    assert isinstance(found, Named)


def test_two_names_that_fit_alike_mean_nothing() -> None:
    """Neither is taken."""
    names = names_of("a/x.jpg", "b/x.jpg")
    assert names.named(image("/data/x.jpg")) == "it names both `a/x.jpg` and `b/x.jpg`"
    assert names.unasked() == (2, "a/x.jpg")


def test_a_name_for_two_images_is_a_clash() -> None:
    """The same image twice is none: it may stand in two rows."""
    names = names_of("x.jpg", "y.jpg")
    names.named(image("/data/a/x.jpg"))
    names.named(image("/data/a/x.jpg"))
    assert names.clash() is None
    assert names.unasked() == (1, "y.jpg")
    names.named(image("/data/b/x.jpg"))
    assert names.clash() == "`x.jpg` could be `a/x.jpg` or `b/x.jpg`"


def test_an_image_that_is_not_named() -> None:
    """It has no truth; that is not the same as nothing on it."""
    assert names_of("y.jpg").named(image("/data/x.jpg")) == "`x.jpg` does not stand in it"
