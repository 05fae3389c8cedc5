"""The exit codes of the README: each means one thing."""

DONE = 0
CHECK_FAILED = 1
NOTHING_RAN = 2
"""A mistake in a file or on the command line; also: nothing was found, nothing was written."""
WITHOUT_ANSWER = 3
OUR_BUG = 4
STOPPED = 5
INTERRUPTED = 130
