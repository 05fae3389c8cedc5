"""Downloads are bounded in bytes, time, redirects and reach, and every failure has its name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from runner.sources.fetch import BY_HAND, Downloads, Rules
from runner.sources.opening import Unreadable
from runner.sources.web import Web
from runner.stages.try_again import HEARD_SECONDS, try_again
from runner.values.geometry import Size
from runner.values.image import FileOrigin, Image, UnreadableImage, WebOrigin
from runner.values.request import Policy
from runner.values.result import Issue

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """A web server on an address of this machine; `asked` are the paths it was asked for."""

    host: str
    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    port: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        return f"http://{self.host}:{self.port}{path}"


@pytest.fixture
def site() -> Iterator[Callable[[str], Site]]:
    """Starts web servers that end with the test."""
    servers: list[tuple[ThreadingHTTPServer, Site]] = []

    def start(host: str = "127.0.0.2") -> Site:
        started = Site(host)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                started.asked.append(self.path)
                started.headers.append(dict(self.headers.items()))
                with suppress(BrokenPipeError, ConnectionResetError):  # seen enough
                    started.pages.get(self.path, status(404))(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer((host, 0), Handler)
        server.daemon_threads = True
        started.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append((server, started))
        return started

    yield start
    for server, started in servers:
        started.stop.set()
        server.shutdown()
        server.server_close()


def content(body: bytes, type: str = "image/jpeg", length: int | None = None) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", type)
        request.send_header("Content-Length", str(len(body) if length is None else length))
        request.end_headers()
        request.wfile.write(body)

    return answer


def status(code: int, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()

    return answer


OPEN = Rules(allowed=lambda ip: ip.startswith("127."))
"""The rules of these tests: this machine stands for the public internet."""


def refusal(folder: Path, address: str, rules: Rules = OPEN) -> Issue:
    with pytest.raises(Unreadable) as raised:
        Downloads(folder, rules).get(address)
    assert not folder.exists() or list(folder.iterdir()) == []
    return raised.value.issue


def test_an_image_is_downloaded_and_looked_at(
    draw: ModuleType, site: Callable[..., Site], tmp_path: Path
) -> None:
    """The bytes become a file of the run; the type is that of the bytes, whatever the server says."""
    web = site()
    body = draw.encoded(draw.scene(), "PNG")
    web.pages["/a/cat.jpg?x=1"] = content(body, "text/html")
    address = web.url("/a/cat.jpg?x=1")
    (found,) = Web(address, download=Downloads(tmp_path / "d", OPEN).get).find(tmp_path)
    assert isinstance(found, Image)
    assert isinstance(found.origin, FileOrigin)
    assert found.origin.path.read_bytes() == body
    assert (found.name, found.mime, found.size) == ("cat.jpg", "image/png", Size(64, 40))
    assert (found.address, found.issues) == (address, ())


def test_an_address_is_downloaded_once(site: Callable[..., Site], tmp_path: Path) -> None:
    """What is in the folder already is the image of this run."""
    web = site()
    web.pages["/cat.jpg"] = content(b"x")
    downloads = Downloads(tmp_path, OPEN)
    assert downloads.get(web.url("/cat.jpg")) == downloads.get(web.url("/cat.jpg"))
    assert web.asked == ["/cat.jpg"]


def test_what_a_server_is_told(
    site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key, no cookie, no referrer; proxies of the environment are not used."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.9:1")
    monkeypatch.setenv("GEMINI_API_KEY", "secret")
    web = site()
    web.pages["/first"] = status(302, Location="/cat.jpg", Set_Cookie="a=b")
    web.pages["/cat.jpg"] = content(b"x")
    Downloads(tmp_path, OPEN).get(web.url("/first"))
    for headers in web.headers:
        assert headers.pop("User-Agent").startswith("askpix/")
        assert headers == {
            "Host": f"{web.host}:{web.port}",
            "Accept": "image/*",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }


def test_addresses_inside_a_network_are_not_asked(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    """Without leave, a server on this machine never hears of it."""
    web = site()
    assert refusal(tmp_path, web.url("/cat.jpg"), Rules()) == Issue(
        "web_blocked_address",
        "127.0.0.2 is not on the public internet, so it is not fetched;"
        " `--allow-private` fetches it all the same",
    )
    assert web.asked == []


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "[::ffff:127.0.0.1]", "[::1]"]
)
def test_disguised_addresses_are_not_asked(tmp_path: Path, host: str) -> None:
    """Every way to write an address as numbers is resolved before it is judged."""
    assert refusal(tmp_path, f"http://{host}/cat.jpg", Rules()).code == "web_blocked_address"


def test_redirects_are_judged_again(site: Callable[..., Site], tmp_path: Path) -> None:
    """A public server cannot send us to a private one."""
    public, private = site("127.0.0.2"), site("127.0.0.3")
    public.pages["/cat.jpg"] = status(302, Location=private.url("/secret"))
    rules = replace(OPEN, allowed=lambda ip: ip == "127.0.0.2")
    assert refusal(tmp_path, public.url("/cat.jpg"), rules).code == "web_blocked_address"
    assert (public.asked, private.asked) == (["/cat.jpg"], [])


def test_redirects_are_followed_to_where_they_may(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    """Three of them, to another server, too."""
    one, other = site("127.0.0.2"), site("127.0.0.3")
    one.pages["/a"] = status(301, Location="/b")
    one.pages["/b"] = status(307, Location=other.url("/c"))
    other.pages["/c"] = status(303, Location="d")
    other.pages["/d"] = content(b"body")
    assert Downloads(tmp_path, OPEN).get(one.url("/a")).read_bytes() == b"body"


def test_a_circle_of_redirects(site: Callable[..., Site], tmp_path: Path) -> None:
    """It ends after three."""
    web = site()
    web.pages["/a"] = status(302, Location="/a")
    assert refusal(tmp_path, web.url("/a")) == Issue(
        "web_redirects",
        "the address redirects more than 3 times; write the one that it ends at",
    )
    assert web.asked == ["/a"] * 4


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("file:///etc/passwd", "web_bad_address"),
        ("ftp://127.0.0.2/cat.jpg", "web_bad_address"),
        ("http://user:word@127.0.0.2/", "web_credentials"),
    ],
)
def test_redirects_to_elsewhere(
    site: Callable[..., Site], tmp_path: Path, location: str, code: str
) -> None:
    """Only the web, and never with a password."""
    web = site()
    web.pages["/a"] = status(302, Location=location)
    assert refusal(tmp_path, web.url("/a")).code == code


def test_a_name_is_resolved_once(site: Callable[..., Site], tmp_path: Path) -> None:
    """A name server that answers differently the second time changes nothing (DNS rebinding)."""
    public, private = site("127.0.0.2"), site("127.0.0.3")
    answers = iter([["127.0.0.2"], ["127.0.0.3"]])
    asked: list[str] = []

    def resolve(host: str, port: int, seconds: float) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    public.pages["/cat.jpg"] = content(b"public")
    private.pages["/cat.jpg"] = content(b"SECRET")
    rules = replace(OPEN, allowed=lambda ip: ip == "127.0.0.2", resolve=resolve)
    path = Downloads(tmp_path, rules).get(f"http://evil.test:{public.port}/cat.jpg")
    assert (path.read_bytes(), asked) == (b"public", ["evil.test"])
    assert public.headers[0]["Host"] == f"evil.test:{public.port}"


def test_one_private_address_among_public_ones(site: Callable[..., Site], tmp_path: Path) -> None:
    """A name that also stands for a private address is refused as a whole."""
    web = site("127.0.0.2")
    rules = Rules(
        allowed=lambda ip: ip == "127.0.0.2", resolve=lambda *_: ["127.0.0.2", "127.0.0.3"]
    )
    address = f"http://evil.test:{web.port}/cat.jpg"
    assert refusal(tmp_path, address, rules) == Issue(
        "web_blocked_address",
        "evil.test is 127.0.0.3, which is not on the public internet, so it is not fetched;"
        " `--allow-private` fetches it all the same",
    )
    assert web.asked == []


def test_the_second_address_of_a_name(site: Callable[..., Site], tmp_path: Path) -> None:
    """When nobody listens at the first one, the next is tried."""
    web = site("127.0.0.2")
    web.pages["/cat.jpg"] = content(b"body")
    rules = replace(OPEN, resolve=lambda *_: ["127.0.0.9", "127.0.0.2"])
    path = Downloads(tmp_path, rules).get(f"http://cats.test:{web.port}/cat.jpg")
    assert path.read_bytes() == b"body"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (404, Issue("web_not_found", "there is nothing at this address (404)")),
        (410, Issue("web_not_found", "there is nothing at this address (410)")),
        (401, Issue("web_forbidden", f"the server lets only some people see it (401); {BY_HAND}")),
        (403, Issue("web_forbidden", f"the server lets only some people see it (403); {BY_HAND}")),
        (204, Issue("web_failed", "the server answered 204, not 200")),
        (503, Issue("web_failed", "the server answered 503, not 200; try again later")),
        (302, Issue("web_failed", "the server redirects, but does not say where to")),
    ],
)
def test_other_answers(
    site: Callable[..., Site], tmp_path: Path, code: int, expected: Issue
) -> None:
    """What the server said is told."""
    web = site()
    web.pages["/cat.jpg"] = status(code)
    assert refusal(tmp_path, web.url("/cat.jpg")) == expected


def test_a_compressed_answer(site: Callable[..., Site], tmp_path: Path) -> None:
    """It was not asked for, and could grow without bound."""
    web = site()
    web.pages["/cat.jpg"] = status(200, Content_Encoding="gzip")
    assert refusal(tmp_path, web.url("/cat.jpg")).code == "web_failed"


def test_an_announced_size_is_believed(site: Callable[..., Site], tmp_path: Path) -> None:
    """Nothing is read of what is too large by its own account."""
    web = site()
    web.pages["/cat.jpg"] = content(b"", length=50_000_001)
    assert refusal(tmp_path, web.url("/cat.jpg")) == Issue(
        "web_too_large", "the file is larger than 50 MB; download it by hand and name the file"
    )


def test_an_endless_body(site: Callable[..., Site], tmp_path: Path) -> None:
    """Without an announced size, reading ends at the limit."""
    web = site()

    def endless(request: BaseHTTPRequestHandler) -> None:
        status(200)(request)
        while not web.stop.is_set():
            request.wfile.write(b"x" * 10_000)

    web.pages["/cat.jpg"] = endless
    rules = replace(OPEN, most_bytes=100_000)
    assert refusal(tmp_path, web.url("/cat.jpg"), rules).code == "web_too_large"


def silent_body(web: Site) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        status(200)(request)
        request.wfile.write(b"x")
        web.stop.wait(20)

    return answer


def dripping_header(web: Site) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not web.stop.wait(0.01):
            request.wfile.write(b"x")

    return answer


def silence(web: Site) -> Answer:
    return lambda request: web.stop.wait(20) and None


@pytest.mark.parametrize("slow", [silent_body, dripping_header, silence])
def test_slow_servers(
    site: Callable[..., Site], tmp_path: Path, slow: Callable[[Site], Answer]
) -> None:
    """The deadline is for all of it: a byte now and then does not push it back."""
    web = site()
    web.pages["/cat.jpg"] = slow(web)
    rules = replace(OPEN, seconds=0.2)
    assert refusal(tmp_path, web.url("/cat.jpg"), rules) == Issue(
        "web_timeout",
        f"the download took longer than 0.2 seconds; try again, or {BY_HAND}",
    )


def test_slow_name_servers(tmp_path: Path) -> None:
    """The time for the name counts, too."""
    clock = iter([0.0, 1.0, 61.0])

    def resolve(host: str, port: int, seconds: float) -> Sequence[str]:
        assert seconds == 59.0
        return ["127.0.0.2"]

    rules = replace(OPEN, resolve=resolve, clock=lambda: next(clock))
    assert refusal(tmp_path, "http://slow.test/cat.jpg", rules).code == "web_timeout"


def test_a_body_that_breaks_off(site: Callable[..., Site], tmp_path: Path) -> None:
    """Half a body is no image."""
    web = site()
    web.pages["/cat.jpg"] = content(b"half", length=8)
    assert refusal(tmp_path, web.url("/cat.jpg")).code == "web_failed"


def test_nobody_listens(tmp_path: Path) -> None:
    """A refused connection is told as such, and that a proxy would not be used."""
    issue = refusal(tmp_path, "http://127.0.0.2:1/cat.jpg")
    assert issue.code == "web_unreachable"
    assert issue.why.endswith(f"; no proxy is used: where one is needed, {BY_HAND}")


def test_what_does_not_speak_http(site: Callable[..., Site], tmp_path: Path) -> None:
    """Nonsense from the other side is a failure, not a crash."""
    web = site()
    web.pages["/cat.jpg"] = lambda request: request.wfile.write(b"SSH-2.0-OpenSSH\r\n") and None
    assert refusal(tmp_path, web.url("/cat.jpg")).code == "web_failed"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("ftp://127.0.0.2/cat.jpg", "web_bad_address"),
        ("file:///etc/passwd", "web_bad_address"),
        ("http://", "web_bad_address"),
        ("http://[::1/cat.jpg", "web_bad_address"),
        ("http://127.0.0.2:99999/", "web_bad_address"),
        ("https://user:word@127.0.0.2/cat.jpg", "web_credentials"),
    ],
)
def test_addresses_that_are_none(tmp_path: Path, address: str, code: str) -> None:
    """Nothing is asked at all."""
    assert refusal(tmp_path, address).code == code


def test_https_without_a_certificate(site: Callable[..., Site], tmp_path: Path) -> None:
    """A server that does not speak TLS is not spoken to without it."""
    web = site()
    issue = refusal(tmp_path, web.url("/cat.jpg").replace("http:", "https:"))
    assert (issue.code, web.asked) == ("web_unreachable", [])


@pytest.mark.parametrize(
    ("address", "name", "mime", "codes"),
    [
        ("https://example.com/a/cat.JPG?sig=secret", "cat.JPG", "image/jpeg", []),
        ("https://example.com/a/caf%C3%A9.png", "café.png", "image/png", []),
        ("https://example.com/cat.webp", "cat.webp", "image/webp", []),
        ("https://example.com/cat.heic", "cat.heic", "image/heic", ["web_type_doubtful"]),
        ("https://example.com/cat", "cat", "image/jpeg", ["web_type_guessed"]),
        ("https://example.com/?id=7", "example.com", "image/jpeg", ["web_type_guessed"]),
    ],
)
def test_images_that_the_service_fetches(
    tmp_path: Path, address: str, name: str, mime: str, codes: list[str]
) -> None:
    """Their bytes are unseen: the type comes from the ending, there is no size and no digest."""
    (found,) = Web(address).find(tmp_path)
    assert isinstance(found, Image)
    assert [issue.code for issue in found.issues] == codes
    assert replace(found, issues=()) == Image(name, "image", WebOrigin(address), mime)
    assert found.digest == address


def test_a_folder_that_cannot_be_written(site: Callable[..., Site], tmp_path: Path) -> None:
    """The image cannot be used, and the run goes on."""
    web = site()
    web.pages["/cat.jpg"] = content(b"x")
    (tmp_path / "file").touch()
    get = Downloads(tmp_path / "file" / "d", OPEN).get
    (found,) = Web(web.url("/cat.jpg"), download=get).find(tmp_path)
    assert isinstance(found, UnreadableImage)
    assert found.issue == Issue("web_failed", "the download cannot be kept: Not a directory")


@pytest.mark.parametrize("download", [None, Downloads(Path("nowhere"), OPEN).get])
def test_passwords_in_addresses(tmp_path: Path, download: Callable[[str], Path] | None) -> None:
    """They would be recorded, so they are refused, and not repeated."""
    (found,) = Web("https://user:hunter2@127.0.0.2/cat.jpg", download=download).find(tmp_path)
    assert isinstance(found, UnreadableImage)
    assert found.issue.code == "web_credentials"
    assert "hunter2" not in repr(found)


def test_a_message_names_the_address(site: Callable[..., Site], tmp_path: Path) -> None:
    """Without its query, which may hold a signature; a redirect names where it led to."""
    web = site()
    web.pages["/old.jpg?sig=hidden"] = status(302, Location=web.url("/new.jpg"))
    web.pages["/new.jpg"] = status(404)
    address = web.url("/old.jpg")
    (found,) = Web(f"{address}?sig=hidden", download=Downloads(tmp_path, OPEN).get).find(tmp_path)
    assert isinstance(found, UnreadableImage)
    host = "127.0.0.2"
    assert found.issue.why == (
        f"{address}: redirected to {host}: there is nothing at this address (404)"
    )


def counted(*answers: Answer) -> Answer:
    """Gives these answers one after the other, and the last one again and again."""
    left = list(answers)

    def answer(request: BaseHTTPRequestHandler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(request)

    return answer


def hang_up(request: BaseHTTPRequestHandler) -> None:
    request.connection.close()
    request.wfile.close()


def patient(*, retries: int = 2, waited: list[float] | None = None) -> Rules:
    """The rules of a run, for which time passes at once."""
    times = [0.0]

    def sleep(seconds: float) -> None:
        times[0] += 1000.0

    again = try_again(
        Policy(retries=retries),
        sleep=sleep,
        clock=lambda: times[0],
        dice=lambda: 0.5,
        waits=lambda failure, seconds: waited.append(seconds) if waited is not None else None,
    )
    return replace(OPEN, again=again)


@pytest.mark.parametrize(
    ("first", "waits"),
    [
        (status(503), [0.5]),
        (status(502), [0.5]),
        (status(408), [0.5]),
        (status(429), [0.5]),
        (status(429, Retry_After="30"), [30.0]),
        (status(503, Retry_After="900"), [900.0]),
        (content(b"whole", length=9), [0.5]),
        (hang_up, [0.5]),
    ],
)
def test_what_passes_is_tried_again(
    site: Callable[..., Site], tmp_path: Path, first: Answer, waits: list[float]
) -> None:
    """As a request is: after a wait, or after the one that the server asks for. Nothing is left of
    what was broken off."""
    web, waited = site(), list[float]()
    web.pages["/cat.jpg"] = counted(first, content(b"whole"))
    path = Downloads(tmp_path, patient(waited=waited)).get(web.url("/cat.jpg"))
    assert (path.read_bytes(), waited, len(web.asked)) == (b"whole", waits, 2)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "answer",
    [
        *(status(code) for code in (204, 401, 403, 404, 410, 501)),
        status(429, Retry_After="901"),
        status(302),
        status(200, Content_Encoding="gzip"),
        content(b"", length=50_000_001),
    ],
)
def test_what_stays_is_not_tried_again(
    site: Callable[..., Site], tmp_path: Path, answer: Answer
) -> None:
    """Nor what would take longer to wait for than a request waits."""
    web = site()
    web.pages["/cat.jpg"] = answer
    refusal(tmp_path, web.url("/cat.jpg"), patient())
    assert web.asked == ["/cat.jpg"]


def test_tries_are_bounded(site: Callable[..., Site], tmp_path: Path) -> None:
    """By `retries`; each wait is drawn from a longer span. It is said how often it was tried."""
    web, waited = site(), list[float]()
    web.pages["/cat.jpg"] = status(503)
    issue = refusal(tmp_path, web.url("/cat.jpg"), patient(waited=waited))
    assert issue.why == "the server answered 503, not 200; try again later (tried 3 times)"
    assert (len(web.asked), waited) == (3, [0.5, 1.0])
    refusal(tmp_path / "none", web.url("/cat.jpg"), patient(retries=0))
    assert len(web.asked) == 4


def test_where_nobody_answers_there_is_one_more_try(tmp_path: Path) -> None:
    """A wrong address does not pass."""
    waited: list[float] = []
    issue = refusal(tmp_path, "http://127.0.0.9:9/cat.jpg", patient(retries=4, waited=waited))
    assert (issue.code, waited) == ("web_unreachable", [0.5])


def test_a_host_that_is_gone_is_not_waited_for_at_every_image(
    site: Callable[..., Site], tmp_path: Path
) -> None:
    """Its next images are tried once each, until it answers."""
    web, waited = site(), list[float]()
    for name in "abd":
        web.pages[f"/{name}.jpg"] = status(503)
    web.pages["/c.jpg"] = content(b"whole")
    downloads = Downloads(tmp_path, patient(waited=waited))
    for name in "abcd":
        with suppress(Unreadable):
            downloads.get(web.url(f"/{name}.jpg"))
    assert [path[1] for path in web.asked] == [*"aaa", "b", "c", *"ddd"]
    assert len(waited) == 4


def test_a_stopped_run_waits_for_no_download(site: Callable[..., Site], tmp_path: Path) -> None:
    """It ends in the middle of the wait."""
    web, heard = site(), iter([False, False, True, True])
    web.pages["/cat.jpg"] = status(503, Retry_After="600")
    slept: list[float] = []
    again = try_again(Policy(), stopped=lambda: next(heard), sleep=slept.append)
    refusal(tmp_path, web.url("/cat.jpg"), replace(OPEN, again=again))
    assert (len(web.asked), slept) == (1, [HEARD_SECONDS])
