"""The HTML report: a run as one page that opens anywhere. Values in, text out; nothing is read here.

What must be readable without scripts (verdict, numbers, checks, settings) is written by `overview.py`,
escaped by `element.py`. The cases are JSON in the page (`data.py`, `cases.py`), which the scripts of `assets/`
show with `textContent` alone: nothing that a model or a file name says can become a part of the page.
"""
