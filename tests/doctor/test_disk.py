"""Whether runs and answers can be written; nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.doctor.disk import cache, out_folder
from runner.store.cache import Cache
from runner.store.cache_place import cache_place


def levels(found: object) -> list[str]:
    return [finding.level for finding in found]  # type: ignore[attr-defined]


def test_a_folder_that_is_not_there_yet_can_be_made(tmp_path: Path) -> None:
    """It is tried in the nearest one that is there, and nothing stays."""
    (found,) = out_folder(tmp_path / "a" / "runs")
    assert found.level in ("ok", "warn")  # how much room a machine has is its own affair
    assert f"{tmp_path / 'a' / 'runs'} can be written, " in found.says
    assert [*tmp_path.iterdir()] == []


def test_a_file_in_the_way_is_a_failure(tmp_path: Path) -> None:
    """A run could not make its folder."""
    (tmp_path / "runs").write_text("")
    (found,) = out_folder(tmp_path / "runs")
    assert (found.level, found.do) == ("fail", "choose another folder with --out")
    assert found.says == f"{tmp_path / 'runs'}: a file is in the way"


def test_a_folder_that_nobody_may_write_is_a_failure() -> None:
    """Not even root writes there."""
    (found,) = out_folder(Path("/proc"))
    assert (found.level, found.says.startswith("cannot write to /proc (")) == ("fail", True)


def test_a_cache_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """It is a run that makes it."""
    environ = {"ASKPIX_CACHE": str(tmp_path / "cache")}
    assert len(levels(cache(environ))) == 1
    assert [*tmp_path.iterdir()] == []


def test_what_is_in_the_cache_is_told(tmp_path: Path) -> None:
    """Its answers, and what was set aside."""
    environ = {"ASKPIX_CACHE": str(tmp_path)}
    Cache(cache_place(environ), print).close()
    *_, found = cache(environ)
    assert (found.level, found.says.startswith("0 answers in ")) == ("ok", True)


def test_a_damaged_cache_is_a_warning(tmp_path: Path) -> None:
    """It is set aside as a run would do it, and that is said."""
    environ = {"ASKPIX_CACHE": str(tmp_path)}
    place = cache_place(environ)
    Cache(place, print).close()
    place.file.write_bytes(b"no database" * 1000)
    told = [finding.says for finding in cache(environ) if finding.level == "warn"]
    assert any("the cache begins anew" in says for says in told)
    assert any(says.startswith("damaged files were set aside: ") for says in told)


@pytest.mark.parametrize(
    ("size", "level", "says"),
    [("0", "ok", "switched off"), ("lots", "fail", "ASKPIX_CACHE_MB is a whole number")],
)
def test_the_size_of_the_cache_is_looked_at(size: str, level: str, says: str) -> None:
    """No number is what a run would refuse."""
    (found,) = cache({"ASKPIX_CACHE_MB": size})
    assert (found.level, found.says.startswith(says)) == (level, True)
