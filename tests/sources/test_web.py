"""Web images whose content is pinned, and those that the service can be expected to fetch."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import ModuleType

import pytest

from runner.sources.web import Web, is_for_the_service
from runner.values.image import Image, UnreadableImage

ADDRESS = "https://example.com/cat.png"


@pytest.mark.parametrize(
    ("address", "is_for_it"),
    [
        ("https://example.com/a/cat.jpg?sig=1", True),
        ("https://example.com/cat.WEBP", True),
        ("https://8.8.8.8/cat.png", True),
        ("http://example.com/cat.jpg", False),
        ("https://example.com/cat.heic", False),
        ("https://example.com/cat", False),
        ("https://localhost/cat.jpg", False),
        ("https://nas/cat.jpg", False),
        ("https://nas.local/cat.jpg", False),
        ("https://10.0.0.7/cat.jpg", False),
        ("https://[::1]/cat.jpg", False),
        ("https://[::1/cat.jpg", False),
        ("https:///cat.jpg", False),
    ],
)
def test_the_service_fetches_public_https_of_types_that_it_documents(
    address: str, is_for_it: bool
) -> None:
    """Judged by the address alone: nothing is looked up."""
    assert is_for_the_service(address) == is_for_it


@pytest.mark.parametrize("is_right", [True, False])
def test_an_image_with_other_content_than_pinned_is_unreadable(
    draw: ModuleType, tmp_path: Path, is_right: bool
) -> None:
    """Both digests are told."""
    file = tmp_path / "download"
    file.write_bytes(draw.encoded(draw.scene(), "PNG"))
    real = hashlib.sha256(file.read_bytes()).hexdigest()
    pinned = real if is_right else "ab" * 32
    (found,) = Web(ADDRESS, download=lambda address: file, sha256=pinned).find(tmp_path)
    if is_right:
        assert isinstance(found, Image)
        assert found.sha256 == pinned
    else:
        assert isinstance(found, UnreadableImage)
        assert (found.issue.code, found.issue.why) == (
            "web_changed",
            f"{ADDRESS}: its content is another one: the sha256 is {real}, pinned is {pinned}",
        )


def test_before_the_download_the_pinned_content_stands_for_the_image(tmp_path: Path) -> None:
    """A plan knows what it will ask: another digest is another question, another address is not."""
    for address in (ADDRESS, "https://example.com/other.png"):
        (found,) = Web(address, sha256="ab" * 32, is_fetched=True).find(tmp_path)
        assert isinstance(found, Image)
        assert found.digest == "ab" * 32


def test_what_is_downloaded_later_is_not_said_to_be_sent_unseen(tmp_path: Path) -> None:
    """Nobody need be warned of an address whose type is looked at."""
    for is_fetched, issues in ((False, ["web_type_guessed"]), (True, [])):
        (found,) = Web("https://example.com/cat", is_fetched=is_fetched).find(tmp_path)
        assert isinstance(found, Image)
        assert [issue.code for issue in found.issues] == issues
