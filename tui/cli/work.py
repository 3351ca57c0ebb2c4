"""Puts the parts of `minusone separate` together: songs, plan, separator, report."""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from core.audio.formats import Codec, OutputFormat
from core.errors import UsageError
from core.separation.outputs import Existing, stem_paths
from core.separation.progress import Progress
from core.separation.separator import Separator
from core.separation.songfile import Separation
from tui.cli.batch import Batch
from tui.cli.plan import make_plan
from tui.cli.report import choose_report
from tui.cli.request import Request
from tui.cli.songs import find_songs
from tui.cli.stop import StopSignals

# 16 as the reference writes; players and editors take it everywhere.
_BITS = {None: 16, "16": 16, "24": 24, "32": 32, "float": 32}


def separate_all(request: Request) -> int:
    """Do what was asked for.

    Returns
    -------
    int
        The exit code: 0 all good, 1 something failed, 128 + signal when stopped.

    Raises
    ------
    UsageError
        The request makes no sense; nothing was done.
    ModelError
        There is no such model; nothing was done.
    """
    output_format = _output_format(request)
    existing = _existing(request.overwrite)
    report = choose_report(quiet=request.quiet, json=request.json)
    # Signals first: what is entered last is left first, so closing the separator is covered.
    with StopSignals() as stop, _separator(request) as separator, report:
        stems = _stems(request, separator)

        def name_outputs(song: Path) -> Iterable[Path]:
            paths = stem_paths(song, request.output, stems, output_format, request.filename_format)
            return paths.values()

        def separate(song: Path, progress: Callable[[Progress], None]) -> Separation:
            return separator.separate_file(
                song,
                request.output,
                stems=stems,
                output_format=output_format,
                offset=request.offset,
                duration=request.duration,
                filename_format=request.filename_format,
                existing=existing,
                progress=progress,
            )

        # Whatever is wrong with the pattern itself is wrong for any song: say so before the work.
        name_outputs(Path("/folder/song"))
        songs = find_songs(request.inputs, recursive=request.recursive, leave_out=request.output)
        plan = make_plan(songs, name_outputs)
        code = Batch(separate, report, stop, json=request.json).run(plan)
        if stop.urgent:
            # The song's files are gone by now, but threads that were cut off anywhere may wait for
            # each other for ever: do not wait for them.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        return code


def _separator(request: Request) -> Separator:
    return Separator(
        request.model,
        preset=request.preset,
        backend=request.backend,
        threads=request.threads,
        bandwidth=request.bandwidth,
        mask_extension=request.mask_extension,
        mwf=request.mwf,
        overlap=request.overlap,
    )


def _stems(request: Request, separator: Separator) -> tuple[str, ...]:
    if request.stems is None:
        return separator.stems
    unknown = [stem for stem in request.stems if stem not in separator.stems]
    if unknown:
        raise UsageError(
            f"The model {request.model} has no stem {', '.join(unknown)}.",
            f"Choose from {', '.join(separator.stems)}.",
        )
    return request.stems


def _output_format(request: Request) -> OutputFormat:
    codec = Codec(request.codec)
    if codec.is_lossy:
        if request.bits is not None:
            raise UsageError(
                f"{codec} is lossy and takes no number of bits.",
                "Leave --bits out, or set the quality with --bitrate.",
            )
        return OutputFormat(codec, bitrate=request.bitrate)
    return OutputFormat(codec, _BITS[request.bits], request.bitrate)


def _existing(overwrite: bool | None) -> Existing:
    if overwrite is None:
        return Existing.ERROR
    return Existing.OVERWRITE if overwrite else Existing.SKIP
