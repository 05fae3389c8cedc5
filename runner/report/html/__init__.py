"""The HTML report: a run as one page that opens anywhere. Values in, text out; nothing is read here.

A page holds its data as JSON, and `page.js` shows it with `textContent` alone, so nothing that a model
or a file name says can become a part of the page. What must be readable without scripts (numbers,
checks, settings) is written by `overview.py`, escaped.
"""
