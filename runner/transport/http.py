"""httpx and its transport on aiohttp, imported without httpx's own command line.

That would import rich and pygments for nothing: 120–200 ms instead of 70–90. Everything that needs
httpx takes it from here.
"""

from __future__ import annotations

import sys

_COMMAND_LINE = "httpx._main"
_leave_out = _COMMAND_LINE not in sys.modules

if _leave_out:  # None is how Python spells "there is no such module"; httpx is ready for that
    sys.modules[_COMMAND_LINE] = None  # type: ignore[assignment]
try:
    import httpx as httpx
    from httpx_aiohttp import AiohttpTransport as AiohttpTransport
finally:
    if _leave_out:
        del sys.modules[_COMMAND_LINE]
