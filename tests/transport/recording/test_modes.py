"""Recording and replaying over real HTTP, in every mode, with everything that goes wrong."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.roles import Connection
from runner.transport.client import Channel, open_client
from runner.transport.http import httpx
from runner.transport.recording import Label, RecordingError, Recordings
from runner.transport.reply import Reply
from runner.values.response import Failure

KEY = "AIzaCANARY-0123456789/+abcdefghijklmnop"

CATS, DOGS, BIRDS = b'{"q":"cats"}', b'{"q":"dogs"}', b'{"q":"birds"}'


def bodies(replies: list[Any]) -> list[Any]:
    """The answers, None for a request that is not recorded."""
    return [json.loads(r.body)["answer"] if isinstance(r, Reply) else None for r in replies]


def test_none_answers_from_recordings_and_asks_nobody(
    service: Any, exchanged: Any, tmp_path: Path
) -> None:
    """The same replies, byte for byte; what is not recorded is a failure that stops nothing."""
    (before,) = exchanged(tmp_path, "new", [CATS])
    again, missing = exchanged(tmp_path, "none", [CATS, DOGS], key=None)
    assert (again.status, again.headers, again.body) == (200, before.headers, before.body)
    assert service.asked == 1
    assert isinstance(missing, Failure)
    assert (missing.kind, missing.stops_run) == ("not_recorded", False)
    assert missing.message == (
        f"this request is not recorded; the nearest is {tmp_path}/recordings.jsonl:1:"
        " `q` is dogs, recorded cats"
    )


def test_none_opens_no_socket(exchanged: Any, tmp_path: Path, no_socket: None) -> None:
    """Not even to find out that nothing is there; the event loop's own pair is none."""
    line = recorded_line()
    (tmp_path / "recordings.jsonl").write_bytes(line + b"\n")
    recordings = Recordings.open(tmp_path, "none")

    async def main() -> Reply | Failure:
        connection = Connection(transport=recordings.transport(None))
        async with open_client(connection) as client:
            channel = Channel(client)
            return await channel.send("POST", "http://nowhere.invalid/v1/ask", body=[CATS])

    reply = asyncio.run(main())
    assert isinstance(reply, Reply)
    assert reply.body == b'{"answer": 1}'


def test_once_records_only_where_nothing_is_recorded(
    service: Any, exchanged: Any, tmp_path: Path
) -> None:
    """The second time it is a replay: what is new is not asked."""
    assert bodies(exchanged(tmp_path, "once", [CATS])) == [1]
    assert bodies(exchanged(tmp_path, "once", [CATS, DOGS])) == [1, None]
    assert service.asked == 1


def test_new_asks_and_records_what_is_not_there_yet(
    service: Any, exchanged: Any, tmp_path: Path
) -> None:
    """What is known is answered from the folder; the rest joins it."""
    assert bodies(exchanged(tmp_path, "new", [CATS])) == [1]
    assert bodies(exchanged(tmp_path, "new", [CATS, DOGS])) == [1, 2]
    assert bodies(exchanged(tmp_path, "none", [DOGS, CATS])) == [2, 1]
    assert service.asked == 2


def test_all_asks_everything_again(service: Any, exchanged: Any, tmp_path: Path) -> None:
    """The new answers replace the old ones; what was not asked now stays as it was."""
    assert sorted(bodies(exchanged(tmp_path, "new", [CATS, DOGS]))) == [1, 2]
    (dogs,) = bodies(exchanged(tmp_path, "none", [DOGS]))
    assert bodies(exchanged(tmp_path, "all", [CATS])) == [3]
    assert bodies(exchanged(tmp_path, "none", [CATS, DOGS])) == [3, dogs]
    assert len((tmp_path / "recordings.jsonl").read_bytes().splitlines()) == 2


def test_a_request_that_is_asked_again_is_recorded_with_its_last_answer(
    service: Any, exchanged: Any, tmp_path: Path
) -> None:
    """What a run asks again while it records is really asked: a second try is no replay."""
    recordings = Recordings.open(tmp_path, "new")

    async def main() -> list[Reply | Failure]:
        async with open_client(Connection(wrap=recordings.transport)) as client:
            channel = Channel(client)
            url = f"{service.url}/v1/ask"
            return [await channel.send("POST", url, body=[CATS]) for _ in range(2)]

    assert bodies(asyncio.run(main())) == [1, 2]
    recordings.close()
    assert bodies(exchanged(tmp_path, "none", [CATS])) == [2]


def test_repeats_are_told_apart_whatever_the_order(
    service: Any, exchanged: Any, tmp_path: Path
) -> None:
    """Three repeats are the same bytes on the wire; sixteen at a time, each gets its own back."""
    labels = [Label(f"key {number}", number) for number in range(1, 33)]
    before = bodies(exchanged(tmp_path, "new", [(CATS, label) for label in labels]))
    assert sorted(before) == list(range(1, 33))
    for order in (labels, labels[::-1]):
        after = bodies(exchanged(tmp_path, "none", [(CATS, label) for label in order]))
        assert after == (before if order is labels else before[::-1])


def test_requests_that_look_the_same_are_told_apart_by_their_key(
    exchanged: Any, tmp_path: Path
) -> None:
    """Two images that become the same bytes; a key of another version finds the first of them."""
    one, two = Label("one"), Label("two")
    before = bodies(exchanged(tmp_path, "new", [(CATS, one), (CATS, two)]))
    assert bodies(exchanged(tmp_path, "none", [(CATS, two), (CATS, one)])) == before[::-1]
    (other,) = bodies(exchanged(tmp_path, "none", [(CATS, Label("three"))]))
    assert other in before


def test_the_author_s_own_headers_are_part_of_the_request(exchanged: Any, tmp_path: Path) -> None:
    """`Api-Revision` changes the answer, so it is recorded and compared."""
    old, new = Label(headers={"Api-Revision": "2026-05-20"}), Label(headers={"Api-Revision": "x"})
    exchanged(tmp_path, "new", [(CATS, old)])
    same, other = exchanged(tmp_path, "none", [(CATS, old), (CATS, new)])
    assert isinstance(same, Reply)
    assert other.message.endswith("`api-revision` is x, recorded 2026-05-20")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (408, b"{}"),
        (429, b"{}"),
        (500, b"{}"),
        (503, b"{}"),
        (401, b"{}"),
        (404, b"{}"),
        (302, b"{}"),
        (200, b""),
        (200, b"<html>log in</html>"),
        (200, b'{"answer": 1, "cut'),
        (200, b'{"error": {"code": 503, "status": "UNAVAILABLE"}}'),
    ],
)
def test_what_nobody_wants_to_meet_again_is_not_recorded(
    status: int, body: bytes, service: Any, exchanged: Any, tmp_path: Path
) -> None:
    """Limits, overloads, wrong keys and half answers are told as they are, and asked again."""
    service.answer = lambda number, sent: (status, {"Retry-After": "3"}, body)
    (reply,) = exchanged(tmp_path, "new", [CATS])
    assert (reply.status, reply.body) == (status, body)
    assert reply.headers["retry-after"] == "3"
    assert list(tmp_path.iterdir()) == []


def test_a_broken_connection_is_not_recorded(exchanged: Any, service: Any, tmp_path: Path) -> None:
    """It is a failure as it is without recordings."""

    def hang_up(number: int, sent: bytes) -> tuple[int, dict[str, str], bytes]:
        raise ConnectionError

    service.answer = hang_up
    (failure,) = exchanged(tmp_path, "new", [CATS])
    assert (failure.kind, failure.maybe_billed) == ("transport", True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [200, 400])
def test_a_request_that_was_refused_is_recorded(
    status: int, service: Any, exchanged: Any, tmp_path: Path
) -> None:
    """A refusal is what an experiment may be about: it comes back with its status and words."""
    service.answer = lambda number, sent: (status, {}, b'{"error": {"code": "blocked"}}')
    (before,) = exchanged(tmp_path, "new", [CATS])
    (after,) = exchanged(tmp_path, "none", [CATS])
    assert (after.status, after.body) == (before.status, before.body)
    assert after.status == status


def test_an_answer_comes_decompressed(service: Any, exchanged: Any, tmp_path: Path) -> None:
    """gzip is of the way, not of the answer."""
    import gzip

    packed = gzip.compress(b'{"answer": "packed"}')
    service.answer = lambda number, sent: (200, {"Content-Encoding": "gzip"}, packed)
    assert bodies(exchanged(tmp_path, "new", [CATS])) == ["packed"]
    assert bodies(exchanged(tmp_path, "none", [CATS])) == ["packed"]


def test_the_key_is_in_no_byte_of_a_recording(service: Any, exchanged: Any, tmp_path: Path) -> None:
    """Not when the service echoes it, not in an address, not in the prompt, in no spelling."""
    raw = KEY.encode()
    forms = [raw, quote(KEY, safe="").encode(), raw.hex().encode()]
    forms += [b64encode(b"ab"[:n] + raw + b"!") for n in range(3)]
    echo = json.dumps({"answer": 1, "echo": [form.decode() for form in forms]}).encode()
    service.answer = lambda number, sent: (200, {"Content-Type": f"text/x; k={KEY}"}, echo)
    prompt = json.dumps({"q": f"say {KEY}"}).encode()
    recordings = Recordings.open(tmp_path, "new")  # the key is known from the header alone

    async def main() -> Reply | Failure:
        async with open_client(Connection(key=KEY, wrap=recordings.transport)) as client:
            url = f"{service.url}/v1/ask?key={quote(KEY, safe='')}&alt=json"
            return await Channel(client, key=KEY).send("POST", url, body=[prompt])

    reply = asyncio.run(main())
    journal = (tmp_path / "recordings.journal.jsonl").read_bytes()
    recordings.close()
    kept = (tmp_path / "recordings.jsonl").read_bytes()
    cores = [*forms[:3], *(form[3:-5] for form in forms[3:])]
    for content in (journal, kept, repr(recordings).encode(), repr(reply).encode()):
        assert [form for form in cores if form in content] == []
    assert json.loads(kept)["path"] == "/v1/ask?alt=json"
    assert isinstance(reply, Reply)
    assert reply.body.count(b"[key]") == len(forms)


KILLED = """
import asyncio, os, sys
from pathlib import Path
from runner.roles import Connection
from runner.transport.client import Channel, open_client
from runner.transport.recording import Recordings

async def main():
    recordings = Recordings.open(Path(sys.argv[1]), "new")
    async with open_client(Connection(wrap=recordings.transport)) as client:
        for number in range(1000):
            body = b'{"q": %d}' % number
            await Channel(client).send("POST", sys.argv[2], body=[body])
            print(number, flush=True)

asyncio.run(main())
"""


def test_a_killed_recording_loses_nothing_that_was_answered(
    service: Any, exchanged: Any, tmp_path: Path
) -> None:
    """kill -9: every answer that was given is in the journal, and the next run asks none again."""
    folder = tmp_path / "recordings"
    command = [sys.executable, "-c", KILLED, str(folder), f"{service.url}/v1/ask"]
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=path, text=True) as process:
        assert process.stdout is not None
        answered = [int(process.stdout.readline()) for _ in range(7)]
        process.send_signal(signal.SIGKILL)
        answered += [int(line) for line in process.stdout.read().split()]
    assert process.returncode == -signal.SIGKILL
    assert not (folder / "recordings.jsonl").exists()
    questions = [b'{"q": %d}' % number for number in answered]
    replayed = exchanged(folder, "none", questions)
    assert bodies(replayed) == [number + 1 for number in answered]
    asked = service.asked
    assert bodies(exchanged(folder, "new", questions)) == bodies(replayed)
    assert service.asked == asked
    assert [path.name for path in folder.iterdir()] == ["recordings.jsonl"]


def test_only_one_run_at_a_time_records_into_a_folder(tmp_path: Path) -> None:
    """The second one is told so at once; a replay may go on meanwhile."""
    (tmp_path / "recordings.jsonl").write_bytes(recorded_line() + b"\n")
    first = Recordings.open(tmp_path, "new")
    with pytest.raises(RecordingError, match="another run is recording into this folder"):
        Recordings.open(tmp_path, "all")
    Recordings.open(tmp_path, "none").close()
    first.close()
    Recordings.open(tmp_path, "all").close()


@contextmanager
def files_of_at_most(count: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes: a disk that gets full. No bytecode is written
    meanwhile: it would be cut off, for all who come after."""
    resource = pytest.importorskip("resource", reason="Windows limits no files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, hard))
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_nothing_more_is_asked_once_the_recording_cannot_be_written(
    service: Any, exchanged: Any, tmp_path: Path
) -> None:
    """The answer that was paid for is given; the next request is not sent and stops the run. What
    was recorded before is there."""
    recordings = Recordings.open(tmp_path, "new")

    async def main() -> list[Reply | Failure]:
        async with open_client(Connection(wrap=recordings.transport)) as client:
            url = f"{service.url}/v1/ask"
            return [await Channel(client).send("POST", url, body=[b]) for b in four]

    four = (CATS, DOGS, BIRDS, CATS)
    with files_of_at_most(450):  # the first line fits, the second is torn
        *answers, one, other = asyncio.run(main())
    assert bodies(answers) == [1, 2]
    assert service.asked == 2
    refused = (one, other)
    for failure in refused:
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.stops_run) == ("quota", True)
        assert failure.message.endswith("recordings.journal.jsonl: file too large")
    with pytest.raises(RecordingError, match="file too large"):
        recordings.close()
    assert bodies(exchanged(tmp_path, "none", [CATS, DOGS])) == [1, None]


def test_the_same_recordings_are_the_same_bytes(
    service: Any, exchanged: Any, tmp_path: Path
) -> None:
    """Whatever the order in which they came, and in how many runs."""
    service.answer = lambda number, sent: (200, {}, b'{"to": %d}' % sum(sent))
    one, two = tmp_path / "one", tmp_path / "two"
    exchanged(one, "new", [CATS, DOGS, BIRDS])
    exchanged(two, "new", [BIRDS])
    exchanged(two, "new", [DOGS])
    exchanged(two, "new", [CATS, BIRDS])
    assert (one / "recordings.jsonl").read_bytes() == (two / "recordings.jsonl").read_bytes()


def test_a_timeout_while_connecting_is_still_one_that_nobody_paid_for(tmp_path: Path) -> None:
    """Reading a body to compare it is not sending it."""

    class Unreachable(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise TimeoutError

    recordings = Recordings.open(tmp_path, "new")
    connection = Connection(transport=Unreachable(), wrap=recordings.transport)

    async def main() -> Reply | Failure:
        async with open_client(connection) as client:
            return await Channel(client).send("POST", "http://127.0.0.9/v1/ask", body=[CATS])

    failure = asyncio.run(main())
    recordings.close()
    assert isinstance(failure, Failure)
    assert (failure.kind, failure.maybe_billed) == ("connect", False)


class Echo(httpx.AsyncBaseTransport):
    """Answers with what it is told."""

    def __init__(self, status: int, content: bytes) -> None:
        self.status, self.content = status, content

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(self.status, content=self.content, request=request)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.binary(max_size=60) | JSON_VALUES.map(lambda value: json.dumps(value).encode()),
    answer=st.dictionaries(st.text(), JSON_VALUES, max_size=3),
    raw=st.none() | st.binary(max_size=60),
    path=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20),
)
def test_what_is_replayed_is_what_was_recorded(
    asked: bytes,
    answer: dict[str, object],
    raw: bytes | None,
    path: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """For any body that is asked and any that answers: the reply of the replay is the same."""
    folder = tmp_path_factory.mktemp("any")
    status = 200 if raw is None else 400
    content = json.dumps(answer, ensure_ascii=len(path) % 2 == 0).encode("utf-8", "surrogatepass")
    url = f"http://127.0.0.9/{quote(path)}"

    def asking(recordings: Recordings, inner: object) -> Reply | Failure:
        async def main() -> Reply | Failure:
            connection = Connection(transport=recordings.transport(inner))  # type: ignore[arg-type]
            async with open_client(connection) as client:
                reply = await Channel(client, clock=lambda: 0.0).send("POST", url, body=[asked])
            recordings.close()
            return reply

        return asyncio.run(main())

    echo = Echo(status, content if raw is None else raw)
    before = asking(Recordings.open(folder, "new"), echo)
    if (folder / "recordings.jsonl").exists():
        assert asking(Recordings.open(folder, "none"), None) == before
    else:  # an answer that says that it is none
        assert "error" in answer or raw is not None


def recorded_line() -> bytes:
    """The line of one exchange."""
    from runner.transport.recording.exchange import Exchange, WireRequest

    request = WireRequest("POST", "/v1/ask", {}, 1, {"q": "cats"})
    return Exchange(request, 200, {"content-type": "application/json"}, b'{"answer": 1}').as_line()
