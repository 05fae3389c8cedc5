"""An image by its web address: fetched by the service, or downloaded here first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from runner.roles import Found
from runner.sources.address import is_public
from runner.sources.candidate import Candidate
from runner.sources.inspect import Convert, digest, inspect
from runner.sources.opening import Unreadable
from runner.sources.sniff import CONVERTIBLE, ENDINGS, SENT
from runner.values.image import FileOrigin, Image, UnreadableImage, WebOrigin
from runner.values.result import Issue

FETCHED_BY_GEMINI = frozenset({"image/bmp", "image/jpeg", "image/png", "image/webp"})
"""The image types that Gemini documents for addresses that it fetches by itself.

Source: ai.google.dev, file input methods, "external HTTP URLs".
"""

_TYPES: Mapping[str, str] = {**SENT, **CONVERTIBLE}


@dataclass(frozen=True, slots=True)
class Web:
    """An address. Without `download` the service fetches it at every request: its bytes are unseen,
    its type is told by the ending of its path, its size and its boxes in pixels are unknown.

    `download` makes a local file of an address; it raises `Unreadable`. With `sha256` (hex), its
    content must be this. `is_fetched`: it is downloaded, though perhaps not now.
    """

    address: str
    role: str = "image"
    convert: Convert | None = None
    frame: int = 0
    download: Callable[[str], Path] | None = None
    sha256: str | None = None
    is_fetched: bool = False

    def find(self, base: Path) -> Iterator[Found]:
        """The image at the address."""
        return (self.read(candidate, candidate.name) for candidate in self.list(base))

    def list(self, base: Path) -> Iterator[Candidate]:
        """The address, not yet visited."""
        yield Candidate("web", name_of(self.address), self.address)

    def read(self, candidate: Candidate, name: str) -> Found:
        """The image, or why it cannot be used."""
        address = candidate.where
        try:
            refuse_credentials(address)
            if self.download is None:
                found = replace(_unseen(address, name, self.role), sha256=self.sha256)
                return replace(found, issues=()) if self.is_fetched else found
            path = self.download(address)
            self._check_content(path)
        except Unreadable as error:
            why = f"{_plain(address)}{error.issue.why}"
            return UnreadableImage(name, self.role, Issue(error.issue.code, why))
        except OSError as error:
            why = f"the download cannot be kept: {error.strerror or type(error).__name__}"
            return UnreadableImage(name, self.role, Issue("web_failed", why))
        return inspect(
            FileOrigin(path),
            name,
            self.role,
            convert=self.convert,
            frame=self.frame,
            address=address,
        )

    def _check_content(self, path: Path) -> None:
        """Raises `Unreadable` when the content is not the one that the author pinned."""
        if self.sha256 is None:
            return
        with path.open("rb") as stream:
            found, _ = digest(stream)
        if found != self.sha256:
            why = f"its content is another one: the sha256 is {found}, pinned is {self.sha256}"
            raise Unreadable("web_changed", why)


def is_for_the_service(address: str) -> bool:
    """Whether the service can be expected to fetch this address: https, a host that is none of this
    network by its name, and the ending of a type that it documents."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    kind = ENDINGS.get(PurePosixPath(parts.path).suffix.lower(), "")
    return parts.scheme == "https" and _TYPES.get(kind) in FETCHED_BY_GEMINI and _is_public(host)


def _is_public(host: str) -> bool:
    """By the name alone: nothing is looked up."""
    try:
        ip_address(host)
    except ValueError:
        return "." in host and host.rpartition(".")[2] not in _OF_A_NETWORK
    return is_public(host)


_OF_A_NETWORK = frozenset({"local", "localhost", "internal", "lan", "home", "corp", "test"})


def name_of(address: str) -> str:
    """The file name in an address, or its host; never its query, which may hold a signature."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return "web image"
    return unquote(PurePosixPath(parts.path).name) or host or "web image"


def refuse_credentials(address: str) -> None:
    """Raises `Unreadable` when an address holds a user name or password, which would be recorded."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise Unreadable("web_bad_address", "this is no web address") from error
    if parts.username is not None or parts.password is not None:
        raise Unreadable(
            "web_credentials", "the address holds a user name or password; they are never sent"
        )


def _plain(address: str) -> str:
    """`https://example.com/a.jpg: `, without what may be secret in an address."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}: " if parts.hostname else ""


def _unseen(address: str, name: str, role: str) -> Image:
    ending = PurePosixPath(urlsplit(address).path).suffix
    mime = _TYPES.get(ENDINGS.get(ending.lower(), ""))
    issues: tuple[Issue, ...] = ()
    if mime is None:
        why = "the address has no image's ending; it is sent as image/jpeg without a look at it"
        issues = (Issue("web_type_guessed", f"{why}. `fetch: true` looks at it first"),)
    elif mime not in FETCHED_BY_GEMINI:
        why = f"Gemini may not fetch {mime} from an address by itself"
        issues = (Issue("web_type_doubtful", f"{why}. Write `fetch: true`"),)
    return Image(name, role, WebOrigin(address), mime or "image/jpeg", issues=issues)
