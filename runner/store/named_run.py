"""The run that somebody means: its folder, its name among the runs, or `last`."""

from __future__ import annotations

from pathlib import Path

from runner.store.folder import FolderError, RunFolder
from runner.text.suggest import did_you_mean

LAST = "last"


def named_run(word: str, parent: Path) -> RunFolder:
    """The folder of a run. Raises `FolderError` with what there is instead."""
    if word == LAST and not _is_run(Path(word)):
        return _last(parent)
    path = Path(word)
    for place in (path, parent / path):
        if _is_run(place):
            return RunFolder(place)
    if path.is_file() and _is_run(path.parent):
        raise FolderError(f"{path} is a file of a run; name its folder: {path.parent}")
    if path.is_file():
        raise FolderError(_of_a_file(path))
    if path.is_dir():
        raise FolderError(f"{path} is no folder of a run: it has no run.json")
    names = _names(parent)
    if not names:
        raise FolderError(f"there is no run `{word}`, and none in {parent}; {_ELSEWHERE}")
    close = did_you_mean(word, (LAST, *names))
    hint = f"did you mean `{close}`?" if close else f"the last one is `{names[-1]}`"
    raise FolderError(f"there is no run `{word}` here or in {parent}; {hint}")


def _of_a_file(path: Path) -> str:
    """What a file is, and what to write instead."""
    if path.name.endswith(".baseline.json"):
        return (
            f"{path} is a baseline, and no run; a run is held against it by `askpix diff {path} last`"
            f" or `askpix report last --against {path}`"
        )
    if path.suffix in (".yaml", ".yml"):
        return (
            f"{path} is a workflow, and no run; run it (askpix run {path}), then name its run: `{LAST}`,"
            " or its folder"
        )
    return f"{path} is a file, and no run; name the folder of a run, or `{LAST}`"


_ELSEWHERE = "--runs DIR says where runs are kept"


def _last(parent: Path) -> RunFolder:
    names = _names(parent)
    if not names:
        raise FolderError(f"there is no run in {parent}; {_ELSEWHERE}")
    return RunFolder(parent / names[-1])


def _names(parent: Path) -> list[str]:
    """The runs of a folder, the last one last: names begin with the moment of the start, and those of
    one second end with a count."""
    try:
        found = [path.parent for path in parent.glob("*/run.json")]
        return [path.name for path in sorted(found, key=_started)]
    except OSError:
        return []


def _started(path: Path) -> tuple[str, int, str]:
    moment = path.name.partition("_")[0]
    return moment, (path / "run.json").stat().st_ctime_ns, path.name


def _is_run(path: Path) -> bool:
    try:
        return (path / "run.json").is_file()
    except OSError:
        return False
