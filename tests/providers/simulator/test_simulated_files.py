"""Files: uploaded in pieces, processed, used, listed, expired."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from runner.providers.simulator.files import expire


def start(ask: Any, length: int | None = None, /, headers: Any = None, **file: object) -> Any:
    sent = {
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": "start",
        "X-Goog-Upload-Header-Content-Type": "image/png",
        **(headers or {}),
    }
    if length is not None:
        sent["X-Goog-Upload-Header-Content-Length"] = str(length)
    return ask("POST", "/upload/v1beta/files", {"file": file}, sent)


def send(ask: Any, url: str, body: bytes, command: str, offset: int, **more: str) -> Any:
    """To the session's own address, without a key, and called JSON as the SDK does."""
    path, _, query = url.removeprefix("http://127.0.0.1:8080").partition("?")
    headers = {
        "X-Goog-Api-Key": "",
        "Content-Type": "application/json",
        "X-Goog-Upload-Command": command,
        "X-Goog-Upload-Offset": str(offset),
        **more,
    }
    return ask("POST", path, body, headers, **dict(pair.split("=") for pair in query.split("&")))


def upload(ask: Any, content: bytes, **file: object) -> Any:
    url = start(ask, len(content), **file).headers["x-goog-upload-url"]
    return send(ask, url, content, "upload, finalize", 0).json["file"]


def test_a_file_is_uploaded_and_described(ask: Any, three: bytes) -> None:
    """Every field; `sha256Hash` is the base64 of the hex text, `sizeBytes` a text."""
    file = upload(ask, three, display_name="My image", name="files/my-img")
    digest = hashlib.sha256(three).hexdigest()
    assert file == {
        "name": "files/my-img",
        "displayName": "My image",
        "mimeType": "image/png",
        "sizeBytes": str(len(three)),
        "createTime": "2026-11-20T17:40:00.000000Z",
        "updateTime": "2026-11-20T17:40:00.000000Z",
        "expirationTime": "2026-11-22T17:40:00.000000Z",
        "sha256Hash": base64.b64encode(digest.encode()).decode(),
        "uri": "http://127.0.0.1:8080/v1beta/files/my-img",
        "state": "ACTIVE",
        "source": "UPLOADED",
    }
    assert ask("GET", "/v1beta/files/my-img").json == file
    assert ask("GET", "/v1beta/files").json == {"files": [file]}


def test_the_upload_address_is_the_services_own(ask: Any) -> None:
    """As the client wrote the host: the SDK uses it verbatim."""
    answer = start(ask, 3, headers={"Host": "pictures.example:81"})
    assert answer.headers["x-goog-upload-url"].startswith(
        "http://pictures.example:81/upload/v1beta/files?upload_id="
    )
    assert answer.headers["x-goog-upload-status"] == "active"


def test_bytes_come_in_pieces_and_only_in_order(ask: Any, three: bytes) -> None:
    """A wrong offset is refused and says how far the upload is; so does a query."""
    url = start(ask, len(three)).headers["x-goog-upload-url"]
    first = send(ask, url, three[:100], "upload", 0)
    assert first.headers["x-goog-upload-status"] == "active"
    for offset in (0, 99, 101):
        assert send(ask, url, three[100:], "upload, finalize", offset).status == 400
    query = send(ask, url, b"", "query", 0)
    assert query.headers["x-goog-upload-size-received"] == "100"
    last = send(ask, url, three[100:], "upload, finalize", 100)
    assert last.headers["x-goog-upload-status"] == "final"
    assert last.json["file"]["sizeBytes"] == str(len(three))
    assert send(ask, url, b"", "query", 0).status == 404


@pytest.mark.parametrize(
    ("body", "command", "offset"),
    [
        (b"12", "upload, finalize", "0"),
        (b"1234", "upload", "0"),
        (b"123", "dance", "0"),
        (b"123", "upload", "x"),
    ],
)
def test_an_upload_that_does_not_add_up_is_refused(
    ask: Any, body: bytes, command: str, offset: str
) -> None:
    """Too short, too long, an unknown command, no offset."""
    url = start(ask, 3).headers["x-goog-upload-url"]
    answer = send(ask, url, body, command, 0, **{"X-Goog-Upload-Offset": offset})
    assert (answer.status, answer.json["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("headers", "file", "status"),
    [
        ({"X-Goog-Upload-Protocol": "raw"}, {}, 400),
        ({"X-Goog-Upload-Command": "upload"}, {}, 400),
        ({"X-Goog-Upload-Header-Content-Length": str(3 << 30)}, {}, 400),
        ({}, {"name": "files/Upper"}, 400),
        ({}, {"name": "files/-dash"}, 400),
        ({}, {"name": "files/" + "a" * 41}, 400),
        ({}, {"name": "files/" + "a" * 40}, 200),
        ({}, {"display_name": "x" * 513}, 400),
        ({}, {"displayName": "camel"}, 200),
    ],
)
def test_the_start_of_an_upload_is_checked(ask: Any, headers: Any, file: Any, status: int) -> None:
    """Its protocol, its size, its name."""
    assert start(ask, None, headers=headers, **file).status == status


def test_a_name_is_taken_once(ask: Any, three: bytes) -> None:
    """Until the file is gone."""
    upload(ask, three, name="files/one")
    assert start(ask, 3, name="files/one").status == 409
    assert ask("DELETE", "/v1beta/files/one").json == {}
    assert start(ask, 3, name="files/one").status == 200


def test_an_uploaded_image_is_looked_at(ask: Any, three: bytes) -> None:
    """By either endpoint, by its address on any host."""
    uri = upload(ask, three)["uri"]
    for address in (
        uri,
        uri.replace("http://127.0.0.1:8080", "https://generativelanguage.googleapis.com"),
    ):
        image = {"type": "image", "uri": address, "mime_type": "image/png"}
        assert "400 × 300" in ask.interact("x", input=[image]).text
        parts = [{"fileData": {"fileUri": address, "mimeType": "image/png"}}, {"text": "x"}]
        assert "400 × 300" in ask.generate("x", contents=[{"parts": parts}]).text


def test_a_file_is_gone_after_48_hours(ask: Any, three: bytes, clock: Any) -> None:
    """403 with the documented words: an expired file looks like someone else's."""
    file = upload(ask, three)
    clock.forward(hours=47, minutes=59)
    assert ask("GET", f"/v1/{file['name']}").status == 200
    clock.forward(minutes=1)
    image = {"type": "image", "uri": file["uri"], "mime_type": "image/png"}
    id = file["name"].removeprefix("files/")
    message = f"You do not have permission to access the File {id} or it may not exist."
    answer = ask.interact("x", input=[image])
    assert (answer.status, answer.json["error"]) == (
        403,
        {"code": "permission_denied", "message": message},
    )
    answer = ask("GET", f"/v1/{file['name']}")
    assert (answer.status, answer.json["error"]["message"]) == (403, message)
    assert ask("GET", "/v1/files").json == {}


def test_a_file_of_another_key_is_a_403(ask: Any, three: bytes) -> None:
    """So is one that never was."""
    file = upload(ask, three)
    ask.key = "ANOTHER"
    assert ask("GET", f"/v1/{file['name']}").status == 403
    assert ask("DELETE", "/v1/files/none").status == 403
    assert ask("GET", "/v1/files").json == {}


def test_a_file_may_be_processed_for_a_while(ask: Any, three: bytes, clock: Any, desk: Any) -> None:
    """Until it is ACTIVE it cannot be used."""
    from datetime import timedelta

    desk.files.processing = timedelta(seconds=5)
    file = upload(ask, three)
    assert file["state"] == "PROCESSING"
    image = {"type": "image", "uri": file["uri"], "mime_type": "image/png"}
    answer = ask.interact("x", input=[image])
    assert answer.status == 400
    assert "is not in an ACTIVE state and usage is not allowed." in answer.json["error"]["message"]
    clock.forward(seconds=5)
    assert ask("GET", f"/v1/{file['name']}").json["state"] == "ACTIVE"
    assert ask.interact("x", input=[image]).status == 200


def test_an_upload_fails_on_command(ask: Any, three: bytes) -> None:
    """FAILED, with an error; or PROCESSING for an hour; or gone when it is used."""
    url = start(ask, len(three)).headers["x-goog-upload-url"]
    failed = send(ask, url, three, "upload, finalize", 0, **{"x-askpix-simulate": "file-failed"})
    assert (failed.json["file"]["state"], failed.json["file"]["error"]["code"]) == ("FAILED", 13)
    file = upload(ask, three)
    image = {"type": "image", "uri": file["uri"], "mime_type": "image/png"}
    expired = ask.interact("x", input=[image], headers={"x-askpix-simulate": "file-expired"})
    assert expired.status == 403
    busy = ask.interact("x", input=[image], headers={"x-askpix-simulate": "file-processing"})
    assert busy.status == 400


def test_files_are_listed_in_pages_the_newest_first(ask: Any, three: bytes) -> None:
    """Ten a page unless asked otherwise."""
    for i in range(12):
        upload(ask, three, name=f"files/f{i:02}")
    first = ask("GET", "/v1/files").json
    assert [file["name"] for file in first["files"]] == [f"files/f{i:02}" for i in range(11, 1, -1)]
    second = ask("GET", "/v1/files", pageToken=first["nextPageToken"]).json
    assert [file["name"] for file in second["files"]] == ["files/f01", "files/f00"]
    assert "nextPageToken" not in second


def test_an_upload_cannot_be_downloaded_again(ask: Any, three: bytes) -> None:
    """Only what the service made itself can."""
    file = upload(ask, three)
    assert ask("GET", f"/v1/{file['name']}:download", alt="media").status == 400


def test_a_file_can_be_made_to_expire(ask: Any, three: bytes, desk: Any, clock: Any) -> None:
    """For tests of clients that upload it again."""
    file = upload(ask, three, name="files/old")
    expire(desk.files, "old", clock())
    assert ask("GET", f"/v1/{file['name']}").status == 403
