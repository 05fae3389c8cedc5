"""Keeps so many answers in a cache, asking for those of its neighbours meanwhile."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from conftest import Things

from runner.store.cache import Cache
from runner.store.cache_place import CachePlace


async def keep(cache: Cache, numbers: range) -> None:
    """Each answer is either not there yet, or right."""
    for number in numbers:
        cache.put("gemini", Things.key(number), Things.kept(number))
        found = await cache.get("gemini", Things.key((number * 7) % 160))
        assert found is None or found.response == Things.kept((number * 7) % 160).response


if __name__ == "__main__":
    said: list[str] = []
    cache = Cache(CachePlace(Path(sys.argv[1])), said.append)
    sys.stdin.readline()
    asyncio.run(keep(cache, range(int(sys.argv[2]), int(sys.argv[3]))))
    cache.close()
    print(cache.off, said)
