"""Several lyrics into one."""

from collections.abc import Iterable
from dataclasses import replace

from core.errors import LyricsError
from core.lyrics.model import Line, Lyrics, Timing, in_order

_TOGETHER = 0.05
"""Lines that start within this many seconds of each other start together."""


def merged(first: Lyrics, *others: Lyrics) -> Lyrics:
    """Put lyrics of one song, or of the parts of one mix, together by their times.

    Lines with the same words at the same time become one; if different singers sing them, it is
    everyone's. Title, artist and so on come from the first that has them.

    Parameters
    ----------
    first, others
        All with times of the same audio, or all without.

    Raises
    ------
    LyricsError
        Some have times and some do not.
    """
    together = (first, *others)
    timed = {lyrics.timing is not Timing.NONE for lyrics in together if lyrics.lines}
    if len(timed) > 1:
        raise LyricsError(
            "Lyrics with times and lyrics without cannot be merged.",
            "Leave out those without times.",
        )
    lines = tuple(line for lyrics in together for line in lyrics.lines)
    if True in timed:
        lines = shared_lines(in_order(lines))
    tempos = {lyrics.bpm for lyrics in together}
    durations = [lyrics.duration for lyrics in together if lyrics.duration is not None]
    return Lyrics(
        lines,
        title=_first(lyrics.title for lyrics in together),
        artist=_first(lyrics.artist for lyrics in together),
        album=_first(lyrics.album for lyrics in together),
        author=_first(lyrics.author for lyrics in together),
        by=_first(lyrics.by for lyrics in together),
        language=_first(lyrics.language for lyrics in together),
        duration=max(durations, default=None),
        bpm=first.bpm if len(tempos) == 1 else None,
        extra=first.extra,
        warnings=tuple(text for lyrics in together for text in lyrics.warnings),
    )


def shared_lines(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Make one line of those with the same words at the same time.

    Parameters
    ----------
    lines
        With times, in order.
    """
    result: list[Line] = []
    latest: dict[str, int] = {}
    for line in lines:
        key = " ".join(line.text.casefold().split())
        at = latest.get(key)
        if at is None or line.onset - result[at].onset > _TOGETHER:
            latest[key] = len(result)
            result.append(line)
            continue
        kept = result[at]
        singer = kept.singer if kept.singer == line.singer else ""
        # The one that says more of its words stays.
        better = line if len(line.words) > len(kept.words) else kept
        result[at] = replace(better, singer=singer)
    return in_order(result)


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")
