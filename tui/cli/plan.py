"""Who writes what, settled before any work starts: no two songs to one file, none over a song."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import MinusoneError, OutputError
from tui.cli.songs import Found, Missing, identity

NameOutputs = Callable[[Path], Iterable[Path]]
"""Gives the files that a song's stems would be written to; may raise a `MinusoneError`."""


@dataclass(frozen=True, slots=True)
class Task:
    """A song that can be separated without harm to another."""

    song: Path


@dataclass(frozen=True, slots=True)
class Refused:
    """Something typed that will not be separated, and why."""

    path: Path
    error: MinusoneError


def make_plan(items: Sequence[Found | Missing], name_outputs: NameOutputs) -> list[Task | Refused]:
    """Decide which songs are taken on.

    Parameters
    ----------
    items
        What was typed, in order. A song that came out of a folder and stands where another song's
        stem would go is an earlier result: it is left out without a word.
    name_outputs
        See `NameOutputs`.

    Returns
    -------
    list of Task or Refused
        In the order of `items`. Of two songs with the same outputs the first one is taken.
    """
    outputs: dict[Path, list[Path]] = {}
    refused: dict[Path, MinusoneError] = {}
    for item in items:
        if isinstance(item, Missing):
            refused[item.path] = item.error
            continue
        try:
            outputs[item.path] = [identity(path) for path in name_outputs(item.path)]
        except MinusoneError as error:
            refused[item.path] = error
    earlier_results = _earlier_results(items, outputs)
    songs = {identity(song): song for song in outputs if song not in earlier_results}
    owners: dict[Path, Path] = {}
    plan: list[Task | Refused] = []
    for item in items:
        if item.path in refused:
            plan.append(Refused(item.path, refused[item.path]))
        elif item.path not in earlier_results:
            objection = _objection(item.path, outputs[item.path], songs, owners)
            if objection is None:
                owners.update(dict.fromkeys(outputs[item.path], item.path))
                plan.append(Task(item.path))
            else:
                plan.append(Refused(item.path, objection))
    return plan


def _earlier_results(
    items: Sequence[Found | Missing], outputs: dict[Path, list[Path]]
) -> frozenset[Path]:
    writers: dict[Path, set[Path]] = {}
    for song, paths in outputs.items():
        for path in paths:
            writers.setdefault(path, set()).add(song)
    return frozenset(
        item.path
        for item in items
        if isinstance(item, Found)
        and not item.named
        and writers.get(identity(item.path), set()) - {item.path}
    )


def _objection(
    song: Path, outputs: list[Path], songs: dict[Path, Path], owners: dict[Path, Path]
) -> OutputError | None:
    for output in outputs:
        if output in songs:
            return OutputError(
                f"A stem of {song} would be written over the song {songs[output]}.",
                "Choose another folder with --output, or other names with --filename-format.",
            )
        if output in owners:
            return OutputError(
                f"{song} and {owners[output]} would be written to the same file, {output}.",
                f"Only {owners[output]} is separated. {_way_out(song, owners[output])}",
            )
    return None


def _way_out(song: Path, other: Path) -> str:
    if song.absolute().parent.name != other.absolute().parent.name:
        pattern = "{foldername}/{filename}/{instrument}.{codec}"
        return f"For both, add --filename-format '{pattern}'."
    return "For the other one, run again with another --output or --filename-format."
