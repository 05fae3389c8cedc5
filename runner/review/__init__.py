"""The review: a person looks at the answers of a run, and what is right becomes a file of truth.

`correction.py` and `truth_file.py` say what a review is; `desk.py` keeps one open; `server.py` shows
it to the browser of this machine, and to nobody else.
"""
