"""Images that travel as files, over HTTP to the simulated service and all that can go wrong there."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from runner.providers.gemini import Gemini
from runner.providers.gemini import uploads as uploads_module
from runner.providers.gemini.files import CHUNK, ServiceTime
from runner.providers.gemini.uploads import AT_A_TIME, project_of
from runner.providers.simulator.commands import planned
from runner.providers.simulator.desk import Desk, now
from runner.providers.simulator.files import KEPT, expire
from runner.providers.simulator.server import serve
from runner.providers.simulator.service import Service
from runner.roles import Ask, Connection, ImageError, Passing, Uploads
from runner.sources.inspect import inspect
from runner.sources.prepare import prepare
from runner.transport.uploading import ThisProcess, uploading
from runner.values.geometry import Size
from runner.values.image import DataOrigin, FileOrigin, Image, Prepared
from runner.values.passing import MOST_PROJECT_BYTES, KnownFile
from runner.values.request import Family, ImagePart, Policy, Request, TextPart
from runner.values.response import Failure, Response

KEY = "AIzaCANARY-0123456789"
FAMILIES = pytest.mark.parametrize("family", ["interactions", "generate_content"])


@dataclass
class Run:
    """A run against a simulated service that lasts longer than the run."""

    desk: Desk
    memory: ThisProcess = field(default_factory=ThisProcess)
    upload: str = "files"
    uses: int = 1
    uploaded: list[tuple[str, int, bool]] = field(default_factory=list)
    sent: list[Prepared] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    fetched: int = 0
    stopped: bool = False

    def fetch(self, image: Image) -> Prepared:
        assert isinstance(image.origin, DataOrigin)
        self.fetched += 1
        content = image.origin.content
        if not content:
            raise ImageError(f"{image.name}: the file has changed")
        return Prepared(content, image.mime, Size(8, 8), hashlib.sha256(content).hexdigest())

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.desk.clock = lambda clock=self.desk.clock: clock() + timedelta(seconds=seconds)  # type: ignore[misc]

    def told(self, image: Image, file: KnownFile, again: bool, seconds: float) -> None:
        self.uploaded.append((image.name, file.byte_count, again))

    def connection(self, url: str) -> Connection:
        passing = Passing(
            self.upload,  # type: ignore[arg-type]
            lambda image: self.uses,
            self.memory,
            self.sleep,
            lambda image, prepared: self.sent.append(prepared),
            self.told,
            lambda: self.stopped,
        )
        return Connection(key=KEY, base_url=url, policy=Policy(timeout_seconds=20), passing=passing)

    @property
    def images_seen(self) -> int:
        """Answers that the service has made."""
        return self.desk.ledger.billed.total()


def against(desk: Desk, work: Callable[[str], Awaitable[None]]) -> None:
    async def main() -> None:
        async with serve(Service(desk), "127.0.0.2") as url:
            await work(url)

    asyncio.run(main())


async def asked(run: Run, url: str, *requests: Request) -> list[Response | Failure]:
    """What a run brought that asks these at the same time."""
    async with Gemini().open(run.connection(url), run.fetch) as opened:
        assert isinstance(opened, Uploads)
        ask: Ask = uploading(opened, opened)
        return list(await asyncio.gather(*map(ask, requests)))


def desk(*faults: str, **more: Any) -> Desk:
    return Desk(plan=tuple(map(planned, faults)), **more)


def request(*contents: bytes, family: Family = "interactions", prompt: str = "What?") -> Request:
    images = [
        Image(
            f"{number}.png",
            "image",
            DataOrigin(content),
            "image/png",
            Size(8, 8),
            hashlib.sha256(content).hexdigest(),
            len(content),
        )
        for number, content in enumerate(contents)
    ]
    return Request(family, "gemini-3.5-flash", (*map(ImagePart, images), TextPart(prompt)))


@pytest.fixture
def png(draw: Any) -> bytes:
    content = draw.encoded(draw.scene(), "PNG")
    assert isinstance(content, bytes)
    return content


@pytest.fixture
def other(draw: Any) -> bytes:
    content = draw.encoded(draw.scene(), "JPEG")
    assert isinstance(content, bytes)
    return content


@FAMILIES
def test_an_image_is_uploaded_once_for_all_requests(png: bytes, family: Family) -> None:
    """Also when they need it at the same moment; each of them knows what was sent."""
    run = Run(desk())

    async def work(url: str) -> None:
        many = [request(png, family=family, prompt=f"{n}?") for n in range(8)]
        replies = await asked(run, url, *many)
        assert {type(reply) for reply in replies} == {Response}

    against(run.desk, work)
    assert run.uploaded == [("0.png", len(png), False)]
    assert (run.fetched, run.images_seen, len(run.desk.files.stored)) == (1, 8, 1)
    digest = hashlib.sha256(png).hexdigest()
    assert run.sent == [Prepared(b"", "image/png", Size(8, 8), digest)] * 8


def test_a_later_run_looks_whether_it_is_still_there(png: bytes) -> None:
    """Before its first use, and then not again."""
    first = Run(desk())
    second = Run(first.desk, first.memory)

    async def work(url: str) -> None:
        await asked(first, url, request(png))
        before = first.desk.ledger.requests
        await asked(second, url, request(png), request(png, prompt="Why?"))
        assert first.desk.ledger.requests - before == 3  # one look, two answers

    against(first.desk, work)
    assert (len(first.uploaded), second.uploaded, second.images_seen) == (1, [], 3)


@pytest.mark.parametrize("change", ["deleted", "expired", "expires soon", "failed"])
def test_a_file_that_cannot_be_relied_on_is_uploaded_again(png: bytes, change: str) -> None:
    """Gone, about to go by the clock of the service, or not usable: found before it is used."""
    run = Run(desk())
    later = Run(run.desk, run.memory)

    async def work(url: str) -> None:
        soon = change == "expires soon"
        run.desk.clock = (lambda: now() - KEPT + timedelta(minutes=59)) if soon else now
        await asked(run, url, request(png))
        run.desk.clock = now
        (name,) = run.desk.files.stored
        match change:
            case "deleted":
                del run.desk.files.stored[name]
            case "expired":
                expire(run.desk.files, name, now())
            case "failed":
                file = run.desk.files.stored[name]
                object.__setattr__(file, "fails", True)
        (reply,) = await asked(later, url, request(png))
        assert isinstance(reply, Response)

    against(run.desk, work)
    assert later.uploaded == [("0.png", len(png), True)]


@FAMILIES
def test_F317_a_file_that_expires_during_a_run_is_uploaded_again(
    png: bytes, family: Family
) -> None:
    """The request that met the 403 is asked once more; requests that meet it together upload once."""
    run = Run(desk())

    async def work(url: str) -> None:
        async with Gemini().open(run.connection(url), run.fetch) as opened:
            ask = uploading(opened, opened)
            assert isinstance(await ask(request(png, family=family)), Response)
            run.desk.files.stored.clear()
            many = [request(png, family=family, prompt=f"{n}?") for n in range(6)]
            replies = await asyncio.gather(*map(ask, many))
            assert {type(reply) for reply in replies} == {Response}

    against(run.desk, work)
    assert run.uploaded == [("0.png", len(png), False), ("0.png", len(png), True)]


def test_F317_a_file_that_is_always_gone_is_uploaded_again_once(png: bytes) -> None:
    """Then the request has failed, in the words of the service."""
    run = Run(desk("file-expired"))

    async def work(url: str) -> None:
        (reply,) = await asked(run, url, request(png))
        assert isinstance(reply, Failure)
        assert (reply.kind, reply.stops_run) == ("file_gone", False)

    against(run.desk, work)
    assert run.uploaded == [("0.png", len(png), False), ("0.png", len(png), True)]


def test_F317_an_upload_that_breaks_goes_on_where_it_stopped(png: bytes) -> None:
    """The service is asked how much has arrived; the file is whole."""
    content = png + bytes(2 * CHUNK)
    run = Run(desk("file-broken:first=1"))

    async def work(url: str) -> None:
        async with Gemini().open(run.connection(url), run.fetch) as opened:
            assert await opened.upload(request(content)) == {"files/sim-00000001"}

    against(run.desk, work)
    (file,) = run.desk.files.stored.values()
    assert file.content == content
    assert run.waits == [1.0]
    # start, the chunk that broke, the question, what was missing in two pieces
    assert run.desk.ledger.requests == 5


def test_a_file_that_is_processed_is_waited_for(png: bytes) -> None:
    """Every second, and no longer than a minute: then it may be asked again, and is not sent again."""
    quick, slow = Run(desk("file-processing:5:first=1")), Run(desk("file-processing:first=1"))

    async def work(url: str) -> None:
        async with Gemini().open(quick.connection(url), quick.fetch) as opened:
            assert await opened.upload(request(png)) == {"files/sim-00000001"}

    async def work_slowly(url: str) -> None:
        async with Gemini().open(slow.connection(url), slow.fetch) as opened:
            failure = await opened.upload(request(png))
            assert isinstance(failure, Failure)
            assert (failure.kind, failure.maybe_billed) == ("overloaded", False)
            slow.desk.clock = lambda: now() + timedelta(hours=2)
            assert await opened.upload(request(png)) == {"files/sim-00000001"}

    against(quick.desk, work)
    against(slow.desk, work_slowly)
    assert (quick.waits, len(slow.waits)) == ([1.0] * 5, 60)
    assert slow.desk.files.started == 1


@FAMILIES
def test_a_file_that_is_not_ready_after_all_is_waited_for(png: bytes, family: Family) -> None:
    """The request is asked once more; nothing was billed, and nothing is sent again."""
    run = Run(desk())

    async def work(url: str) -> None:
        async with Gemini().open(run.connection(url), run.fetch) as opened:
            ask = uploading(opened, opened)
            assert isinstance(await ask(request(png, family=family)), Response)
            (file,) = run.desk.files.stored.values()
            object.__setattr__(file, "active_from", now() + timedelta(seconds=2.5))
            refused = await opened(request(png, family=family))
            assert isinstance(refused, Failure)
            assert (refused.kind, refused.maybe_billed) == ("file_unready", False)
            assert isinstance(await ask(request(png, family=family)), Response)

    against(run.desk, work)
    assert (len(run.uploaded), run.waits) == (1, [1.0] * 3)


def test_a_file_that_cannot_be_processed_fails_its_request(png: bytes, other: bytes) -> None:
    """And no other one; a later request tries once more."""
    run = Run(desk("file-failed:first=1"))

    async def work(url: str) -> None:
        async with Gemini().open(run.connection(url), run.fetch) as opened:
            failure = await opened.upload(request(png))
            assert isinstance(failure, Failure)
            assert (failure.kind, failure.stops_run) == ("bad_request", False)
            assert "FAILED" in failure.message
            assert await opened.upload(request(other)) == {"files/sim-00000002"}
            assert await opened.upload(request(png)) == {"files/sim-00000003"}

    against(run.desk, work)
    assert run.desk.files.started == 3


@pytest.mark.parametrize("full", ["by our count", "by the service"])
@pytest.mark.parametrize("upload", ["files", "auto"])
def test_a_project_that_is_full_is_told(png: bytes, upload: str, full: str) -> None:
    """With `files` the run ends and says what makes room; `auto` sends what fits within requests."""
    run = Run(desk(*["file-storage-full"] * (full == "by the service")), upload=upload, uses=10**6)

    async def work(url: str) -> None:
        if full == "by our count":
            other = KnownFile("files/x", "u", MOST_PROJECT_BYTES - 10, now().timestamp() + 9999)
            await run.memory.keep(project_of(url, KEY), "00", other)
        (reply,) = await asked(run, url, request(png))
        if upload == "auto":
            assert isinstance(reply, Response)
            return
        assert isinstance(reply, Failure)
        assert (reply.kind, reply.stops_run) == ("quota", True)
        assert "`askpix files clean` makes room" in reply.message

    against(run.desk, work)
    assert run.uploaded == []


def test_auto_uploads_what_pays_and_nothing_else(png: bytes, other: bytes) -> None:
    """An image that a million requests need; the same image needed once travels within."""
    for uses, uploaded in ((1, 0), (10**6, 2)):
        run = Run(desk(), upload="auto", uses=uses)

        async def work(url: str, run: Run = run) -> None:
            (reply,) = await asked(run, url, request(png, other))
            assert isinstance(reply, Response)

        against(run.desk, work)
        assert len(run.uploaded) == uploaded


def sized(content: bytes, size: int, name: str) -> Image:
    """An image of a file of so many bytes, of which fewer are sent."""
    digest = hashlib.sha256(content).hexdigest()
    return Image(name, "image", DataOrigin(content), "image/png", Size(8, 8), digest, size)


@pytest.mark.parametrize("full", [False, True])
def test_auto_uploads_the_largest_until_a_request_is_surely_small_enough(
    draw: Any, full: bool
) -> None:
    """20 MB by every page of Google's. Where nothing can be uploaded, what fits into the 100 MB that
    newer pages grant is sent all the same."""
    images = [
        sized(draw.encoded(draw.scene(), form), size, f"{size}")
        for form, size in (("PNG", 5 << 20), ("JPEG", 9 << 20), ("WEBP", 6 << 20))
    ]
    asked_for = Request(
        "interactions", "gemini-3.5-flash", (*map(ImagePart, images), TextPart("What?"))
    )
    run = Run(desk(*["file-storage-full"] * full), upload="auto")

    async def work(url: str) -> None:
        (reply,) = await asked(run, url, asked_for)
        assert isinstance(reply, Response)

    against(run.desk, work)
    largest = [(str(9 << 20), len(images[1].origin.content), False)]  # type: ignore[union-attr]
    assert run.uploaded == ([] if full else largest)


def test_auto_cannot_do_without_uploads_beyond_the_limit(png: bytes) -> None:
    """A request that is too large whatever one reads ends the run when nothing can be uploaded."""
    image = sized(png, 80 << 20, "large.png")
    run = Run(desk("file-storage-full"), upload="auto")

    async def work(url: str) -> None:
        one = Request("interactions", "gemini-3.5-flash", (ImagePart(image), TextPart("What?")))
        (reply,) = await asked(run, url, one)
        assert isinstance(reply, Failure)
        assert (reply.kind, reply.stops_run) == ("quota", True)

    against(run.desk, work)


def test_the_images_of_a_request_are_uploaded_beside_one_another(png: bytes) -> None:
    """So many at a time, each content once; after a failure no further one is begun."""
    contents = [png + bytes([number]) for number in range(40)]
    run, failing = Run(desk()), Run(desk("file-failed:first=1"))

    async def work(url: str) -> None:
        async with Gemini().open(run.connection(url), run.fetch) as opened:
            names = await opened.upload(request(*contents, *contents))
            assert isinstance(names, frozenset)
            assert len(names) == 40

    async def work_failing(url: str) -> None:
        async with Gemini().open(failing.connection(url), failing.fetch) as opened:
            assert isinstance(await opened.upload(request(*contents)), Failure)

    against(run.desk, work)
    against(failing.desk, work_failing)
    assert {size for _, size, again in run.uploaded if not again} == {len(png) + 1}
    assert (len(run.uploaded), run.desk.files.started) == (40, 40)
    assert failing.desk.files.started <= 2 * AT_A_TIME


def test_what_was_used_last_is_forgotten_last(png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run knows of its files is bounded; of a forgotten one the service is asked again."""
    monkeypatch.setattr(uploads_module, "MOST_KNOWN", 2)
    run = Run(desk())
    first, second, third = (png + bytes([number]) for number in range(3))

    async def work(url: str) -> None:
        async with Gemini().open(run.connection(url), run.fetch) as opened:
            for content in (first, second, first, third):
                await opened.upload(request(content))
            before = run.desk.ledger.requests
            await opened.upload(request(first))
            assert run.desk.ledger.requests == before
            await opened.upload(request(second))
            assert run.desk.ledger.requests == before + 1

    against(run.desk, work)
    assert len(run.uploaded) == 3


def test_a_file_that_holds_other_bytes_is_not_used(png: bytes) -> None:
    """The service tells the digest of what arrived; nothing is remembered of it."""
    run = Run(desk())
    fetch = run.fetch

    def misread(image: Image) -> Prepared:
        return replace(fetch(image), sha256="00" * 32)

    async def work(url: str) -> None:
        async with Gemini().open(run.connection(url), misread) as opened:
            failure = await opened.upload(request(png))
            assert isinstance(failure, Failure)
            assert (failure.kind, "holds other bytes" in failure.message) == ("unreadable", True)

    against(run.desk, work)
    assert (run.uploaded, run.memory._files) == ([], {})


def test_F315_a_file_that_changes_while_it_is_uploaded_fails_alone(
    png: bytes, tmp_path: Path
) -> None:
    """Whatever arrived of it is not used; it was never in memory as a whole."""
    run, file = Run(desk()), tmp_path / "a.png"
    file.write_bytes(png + bytes(2 * CHUNK))
    found = inspect(FileOrigin(file), "a.png")
    assert isinstance(found, Image)

    def then_changed(image: Image) -> Prepared:
        prepared = prepare(image)
        file.write_bytes(png)
        return prepared

    async def work(url: str) -> None:
        for how in ("files", "inline"):
            run.upload = how
            file.write_bytes(png + bytes(2 * CHUNK))
            async with Gemini().open(run.connection(url), then_changed) as opened:
                one = Request("interactions", "gemini-3.5-flash", (ImagePart(found),))
                reply = await uploading(opened, opened)(one)
                why = "a.png: the file has changed since this run found it"
                assert isinstance(reply, Failure)
                assert (reply.kind, reply.message, reply.maybe_billed) == ("image", why, False)

    against(run.desk, work)
    assert run.uploaded == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("overloaded", "overloaded"), ("rate-limit:0.5", "overloaded"), ("reset", "transport")],
)
def test_trouble_with_an_upload_may_be_tried_again_and_costs_nothing(
    png: bytes, fault: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No pacer holds uploads back, so that a rate limit waits like any trouble."""
    run = Run(desk())
    troubled = Service.respond

    async def respond(
        self: Service, method: str, path: str, query: Any, headers: Any, body: bytes, **more: Any
    ) -> Any:
        if path.startswith("/upload/"):
            headers = {**headers, "x-askpix-simulate": fault}
        return await troubled(self, method, path, query, headers, body, **more)

    monkeypatch.setattr(Service, "respond", respond)

    async def work(url: str) -> None:
        async with Gemini().open(run.connection(url), run.fetch) as opened:
            failure = await opened.upload(request(png))
            assert isinstance(failure, Failure)
            assert (failure.kind, failure.maybe_billed) == (kind, False)

    against(run.desk, work)


def test_an_image_that_cannot_be_read_any_more_is_a_failure(png: bytes) -> None:
    """Before anything is sent."""
    run = Run(desk())

    async def work(url: str) -> None:
        (reply,) = await asked(run, url, request(b""))
        assert reply == Failure("image", "0.png: the file has changed")

    against(run.desk, work)
    assert run.desk.ledger.requests == 0


def test_a_run_that_ends_waits_for_no_file(png: bytes) -> None:
    """Not for one that is processed, and not for an upload that broke."""
    for fault in ("file-processing", "file-broken"):
        run = Run(desk(fault), stopped=True)

        async def work(url: str, run: Run = run) -> None:
            (reply,) = await asked(run, url, request(png))
            assert isinstance(reply, Failure)
            assert reply.kind == "not_sent"

        against(run.desk, work)
        assert run.waits == [1.0]


def test_the_project_is_known_by_a_digest() -> None:
    """Of the service and the key; it holds neither."""
    assert project_of("https://a", KEY) != project_of("https://b", KEY)
    assert project_of("https://a", KEY) != project_of("https://a", None)
    assert KEY not in project_of("https://a", KEY)


def test_the_clock_of_the_service_counts() -> None:
    """Whatever this machine's says, and however long ago it was told."""
    local, ticks = [1e9], [50.0]
    time = ServiceTime(clock=lambda: ticks[0], wall=lambda: local[0])
    assert time.now() == 1e9
    time.note({"date": "Sat, 21 Nov 2026 05:00:00 GMT"})
    told = time.now()
    time.note({})
    local[0], ticks[0] = 0.0, 60.0
    assert time.now() == told + 10
