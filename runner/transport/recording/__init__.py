"""Record and replay: every exchange with the service as a line of a text file, and back again.

A folder of recordings holds one file, `recordings.jsonl`. One file and not one for each model: it
is replaced in one step, so the folder is at every moment the old state or the new one, and a change
of a model shows in git as changed lines and not as moved files. A line is one exchange:

    {"version": 1, "method": "POST", "path": "/v1beta/interactions", "request_headers": {},
     "repeat": 1, "request": {…}, "request_key": "…",
     "status": 200, "headers": {"content-type": "application/json"}, "body": "…",
     "sha256": "of everything before it in the line"}

`request` is the JSON that was sent, with sorted keys and every image replaced by its digest.
`body` is the text that came back, byte for byte; `body_base64` stands for what is not UTF-8. Of the
answer's headers only those are kept that change its meaning; the API key is kept in no form.
Lines are sorted by what was asked. Taking a line out is how one exchange is recorded anew.

While recording, lines go to `recordings.journal.jsonl` and are on the disk before the answer is
used; closing, or the next opening after a crash, merges them.
"""

from runner.transport.recording.exchange import Label, NotRecorded, RecordingError
from runner.transport.recording.folder import Mode, Recordings

__all__ = ["Label", "Mode", "NotRecorded", "RecordingError", "Recordings"]
