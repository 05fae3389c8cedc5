"""Files of recordings that were torn, changed or damaged: always named, never taken for whole."""

from __future__ import annotations

import json
import random
import tracemalloc
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from runner.transport.recording import RecordingError, Recordings
from runner.transport.recording.exchange import Exchange, WireRequest, from_line
from runner.transport.recording.lines import SORTED_AT_ONCE

EXCHANGES = tuple(
    Exchange(
        WireRequest("POST", "/v1/ask", {}, 1, {"q": word}, f"key of {word}"),
        200,
        {"content-type": "application/json"},
        json.dumps({"answer": word}).encode(),
    )
    for word in ("birds", "cats", "dögs")
)
FILE = b"".join(exchange.as_line() + b"\n" for exchange in EXCHANGES)


def found(recordings: Recordings) -> list[bool]:
    """Which of the three exchanges are there."""
    return [recordings.find(exchange.request) == exchange for exchange in EXCHANGES]


def opened(folder: Path, name: str, content: bytes, mode: str = "none") -> Recordings:
    (folder / name).write_bytes(content)
    return Recordings.open(folder, mode)  # type: ignore[arg-type]


def test_a_line_is_read_by_people_and_by_any_json_reader() -> None:
    """The whole line, as it is documented."""
    line = (
        '{"version":1,"method":"POST","path":"/v1/ask","request_headers":{},"repeat":1,'
        '"request":{"q":"dögs"},"request_key":"key of dögs","status":200,'
        '"headers":{"content-type":"application/json"},"body":"{\\"answer\\": \\"d\\\\u00f6gs\\"}"'
    )
    checksum = sha256(line.encode()).hexdigest()
    assert EXCHANGES[2].as_line().decode() == f'{line},"sha256":"{checksum}"}}'


def test_a_body_that_is_no_text_is_kept_as_base64() -> None:
    """And comes back byte for byte."""
    exchange = Exchange(EXCHANGES[0].request, 200, {}, b"\xff\x00\x80")
    line = exchange.as_line()
    assert json.loads(line)["body_base64"] == "/wCA"
    assert from_line(line) == exchange


def test_no_letter_of_an_answer_ends_a_line() -> None:
    """Line ends of other alphabets and halves of letters are written as escapes."""
    body = "a\u2028b\u2029c\x85d\ne".encode()
    line = Exchange(EXCHANGES[0].request, 200, {"x": "\ud800"}, body).as_line()
    assert len(line.decode().splitlines()) == 1
    assert from_line(line).body == body


def test_recordings_cut_at_any_byte_are_noticed(tmp_path: Path) -> None:
    """Within a line: an error with its number. Between two: what is cut off is not recorded."""
    for length in range(len(FILE)):
        whole = FILE[:length].count(b"\n")
        if FILE[:length].endswith(b"\n"):
            assert found(opened(tmp_path, "recordings.jsonl", FILE[:length])) == [
                number < whole for number in range(3)
            ]
            continue
        with pytest.raises(RecordingError) as raised:
            opened(tmp_path, "recordings.jsonl", FILE[:length], "all")
        why = "the file ends within this line" if length else "the file is empty"
        assert str(raised.value) == (
            f"{tmp_path}/recordings.jsonl:{whole + 1}: {why}; restore the file, or delete this"
            " line to record it anew"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["recordings.jsonl"]


def test_a_journal_cut_at_any_byte_loses_only_its_last_line(tmp_path: Path) -> None:
    """It is left out and said; the others are taken over."""
    for length in range(1, len(FILE)):
        folder = tmp_path / str(length)
        folder.mkdir()
        journal = FILE[:length]
        whole = journal.count(b"\n")
        recordings = opened(folder, "recordings.journal.jsonl", journal, "new")
        assert found(recordings) == [number < whole for number in range(3)]
        torn = not journal.endswith(b"\n")
        assert recordings.notes == (
            (
                f"{folder}/recordings.journal.jsonl:{whole + 1}: the last exchange was not written"
                " whole; left out",
            )
            if torn
            else ()
        )
        recordings.close()
        kept = [path.read_bytes() for path in folder.iterdir()]
        assert kept == ([journal[: journal.rfind(b"\n") + 1]] if whole else [])


def test_a_replay_leaves_a_journal_as_it_is(tmp_path: Path) -> None:
    """It may be that of a run that is recording just now."""
    torn = FILE[:-10]
    recordings = opened(tmp_path, "recordings.journal.jsonl", torn)
    assert found(recordings) == [True, True, False]
    recordings.close()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "recordings.journal.jsonl": torn
    }


@pytest.mark.parametrize("name", ["recordings.jsonl", "recordings.journal.jsonl"])
@pytest.mark.parametrize("mode", ["none", "once", "new", "all"])
def test_a_changed_line_is_an_error_and_never_recorded_again(
    name: str, mode: str, tmp_path: Path
) -> None:
    """One digit of an answer, in the second line; the file stays as it is."""
    changed = FILE.replace(b'cats\\"}', b'cars\\"}')
    assert changed != FILE
    with pytest.raises(RecordingError) as raised:
        opened(tmp_path, name, changed, mode)
    assert str(raised.value) == (
        f"{tmp_path}/{name}:2: this line was changed or damaged after it was recorded; restore"
        " the file, or delete this line to record it anew"
    )
    assert (tmp_path / name).read_bytes() == changed


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """No byte of a line can change unseen, not even one of its checksum."""
    for at in range(len(FILE)):
        flipped = FILE[:at] + bytes([FILE[at] ^ 0x04]) + FILE[at + 1 :]
        with pytest.raises(RecordingError, match=r"recordings\.jsonl:[123]: "):
            opened(tmp_path, "recordings.jsonl", flipped)


@pytest.mark.parametrize(
    "line",
    [b"<<<<<<< HEAD", b"", b"{}", b'{"version":1}', b"null", b"\xff\xfe", b"[" * 100_000],
)
def test_what_is_no_line_of_recordings_is_named(line: bytes, tmp_path: Path) -> None:
    """A conflict that git left, an empty line, another file: file and line are said."""
    with pytest.raises(RecordingError) as raised:
        opened(tmp_path, "recordings.jsonl", FILE + line + b"\n")
    assert str(raised.value).startswith(f"{tmp_path}/recordings.jsonl:4: this is no whole line")


@pytest.mark.parametrize(
    ("version", "method", "why"),
    [
        ("2", '"POST"', "this line has version 2, this program reads 1"),
        ("1", "7", "this is no whole line of recordings"),
    ],
)
def test_a_line_of_another_program_says_so(
    version: str, method: str, why: str, tmp_path: Path
) -> None:
    """Whole, but not of this version, or of a shape that this one never had."""
    bare = f'{{"version":{version},"method":{method}'.encode()
    line = bare + f',"sha256":"{sha256(bare).hexdigest()}"}}'.encode()
    with pytest.raises(RecordingError, match=why):
        opened(tmp_path, "recordings.jsonl", line + b"\n")


def test_line_ends_of_windows_are_no_damage(tmp_path: Path) -> None:
    """git may change them; the answers stay the same."""
    recordings = opened(tmp_path, "recordings.jsonl", FILE.replace(b"\n", b"\r\n"))
    assert found(recordings) == [True, True, True]


def test_a_line_that_is_taken_out_is_recorded_anew(tmp_path: Path) -> None:
    """That is how one answer is asked for again; the others stay."""
    lines = FILE.splitlines(keepends=True)
    recordings = opened(tmp_path, "recordings.jsonl", lines[0] + lines[2], "new")
    assert found(recordings) == [True, False, True]
    recordings.add(EXCHANGES[1])
    recordings.close()
    assert (tmp_path / "recordings.jsonl").read_bytes() == FILE


def test_a_file_that_changes_while_it_is_replayed_is_noticed(tmp_path: Path) -> None:
    """An answer is checked again when it is given."""
    recordings = opened(tmp_path, "recordings.jsonl", FILE)
    (tmp_path / "recordings.jsonl").write_bytes(b" " + FILE)
    with pytest.raises(RecordingError, match=r"recordings\.jsonl:1: this is no whole line"):
        recordings.find(EXCHANGES[0].request)


@pytest.mark.parametrize(
    ("mode", "why"),
    [("none", "file/recordings.jsonl: not a directory"), ("new", "file: file exists")],
)
def test_a_folder_that_cannot_be_one_is_named(mode: str, why: str, tmp_path: Path) -> None:
    """A file in its place is no folder."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RecordingError) as raised:
        Recordings.open(tmp_path / "file", mode)  # type: ignore[arg-type]
    assert str(raised.value) == f"{tmp_path}/{why}"


def test_a_folder_without_recordings_cannot_be_replayed(tmp_path: Path) -> None:
    """An empty one, and one that is not there."""
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(RecordingError) as raised:
            Recordings.open(folder, "none")
        assert str(raised.value) == f"{folder}: nothing is recorded here"


def test_a_recording_that_ends_without_an_answer_leaves_the_folder_as_it_was(
    tmp_path: Path,
) -> None:
    """Nothing is written anew when nothing was recorded."""
    recordings = opened(tmp_path, "recordings.jsonl", FILE, "new")
    before = (tmp_path / "recordings.jsonl").stat().st_mtime_ns
    recordings.close()
    recordings.close()
    assert (tmp_path / "recordings.jsonl").stat().st_mtime_ns == before


def test_what_was_recorded_answers_the_next_client(tmp_path: Path) -> None:
    """Of one that is open only what was there before: what it asks twice is asked twice."""
    recordings = opened(tmp_path, "recordings.jsonl", EXCHANGES[0].as_line() + b"\n", "new")
    recordings.transport(None)
    for exchange in EXCHANGES[1:]:
        recordings.add(exchange)
    assert found(recordings) == [True, False, False]
    recordings.transport(None)
    assert found(recordings) == [True, True, True]
    recordings.transport(None)
    recordings.close()
    assert (tmp_path / "recordings.jsonl").read_bytes() == FILE


def test_more_recordings_than_are_sorted_at_once(tmp_path: Path) -> None:
    """They stand in the same order as few do: by what was asked, whenever it came."""
    asked = [
        replace(EXCHANGES[0], request=replace(EXCHANGES[0].request, body={"q": f"{number:05}"}))
        for number in range(2 * SORTED_AT_ONCE + 7)
    ]
    shuffled = random.Random(0).sample(asked, len(asked))
    journal = b"".join(exchange.as_line() + b"\n" for exchange in shuffled)
    recordings = opened(tmp_path, "recordings.journal.jsonl", journal, "new")
    recordings.close()
    assert (tmp_path / "recordings.jsonl").read_bytes() == b"".join(
        exchange.as_line() + b"\n" for exchange in asked
    )


def test_a_large_recording_needs_little_memory(tmp_path: Path) -> None:
    """Neither bodies nor prompts are held: 40 MB of them are opened, put in order and closed in a
    tenth of that."""
    with (tmp_path / "recordings.journal.jsonl").open("wb") as file:
        for number in range(1000, 0, -1):
            body = {"q": f"{number:05}" + "long " * 4000}
            request = replace(EXCHANGES[0].request, body=body)
            reply = replace(EXCHANGES[0], request=request, body=b"long " * 4000)
            file.write(reply.as_line() + b"\n")
        file.write(b"torn")
    tracemalloc.start()
    try:
        recordings = Recordings.open(tmp_path, "new")
        recordings.close()
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "recordings.jsonl").stat().st_size > 40_000_000
    assert recordings.notes
    assert most < 4_000_000
