"""`minusone separate`: songs and folders in, stems out."""

import sys
from typing import Any

import click

from tui.cli.request import Request
from tui.cli.values import bitrate, folder, names, path, seconds, some_seconds

DEFAULT_OUTPUT = "separated"
DEFAULT_MODEL = "spleeter-2stems"
DEFAULT_PRESET = "balanced"
DEFAULT_NAMES = "{filename}/{instrument}.{codec}"

# The choices stand here as words, so that --help need not import what they choose from; a test
# compares them with it.
PRESETS = ("spleeter", "fast", "balanced", "best")
BACKENDS = ("auto", "cpu", "gpu")
CODECS = ("wav", "flac", "ogg", "opus", "mp3", "m4a")
BITS = ("16", "24", "32", "float")
BANDWIDTHS = ("11k", "16k", "full")
MASK_EXTENSIONS = ("zeros", "average", "edge")


def _joined(
    ctx: click.Context, param: click.Parameter, value: tuple[tuple[str, ...], ...]
) -> tuple[str, ...] | None:
    return tuple(dict.fromkeys(name for piece in value for name in piece)) or None


@click.command("separate")
@click.argument("inputs", metavar="SONG_OR_FOLDER...", nargs=-1, required=True, type=path)
@click.option(
    "--output",
    "-o",
    metavar="DIR",
    type=folder,
    default=DEFAULT_OUTPUT,
    show_default=True,
    help="Folder for the stems; made if it is not there.",
)
@click.option(
    "--stems",
    type=names,
    metavar="NAME,...",
    multiple=True,
    callback=_joined,
    help="Write only these stems: vocals, or vocals,drums. All unless given.",
)
@click.option(
    "--preset",
    "-p",
    type=click.Choice(PRESETS),
    default=DEFAULT_PRESET,
    show_default=True,
    help="spleeter: exactly as Spleeter does; fast; balanced; best: slower, cleaner stems.",
)
@click.option(
    "--model",
    "-m",
    metavar="NAME",
    default=DEFAULT_MODEL,
    show_default=True,
    help="See 'minusone models list'.",
)
@click.option(
    "--format",
    "-c",
    "codec",
    type=click.Choice(CODECS),
    default="wav",
    show_default=True,
    help="Kind of file to write.",
)
@click.option(
    "--bitrate",
    "-b",
    type=bitrate,
    metavar="KBIT/S",
    help="For ogg, opus, mp3 and m4a: 192 or 192k.",
)
@click.option(
    "--bits", type=click.Choice(BITS), help="For wav and flac: 16 unless given; 32 is float."
)
@click.option(
    "--offset",
    "-s",
    type=seconds,
    metavar="TIME",
    default=0.0,
    help="Start here: seconds (90.5) or 1:30.",
)
@click.option(
    "--duration", "-d", type=some_seconds, metavar="TIME", help="Separate only this much."
)
@click.option(
    "--filename-format",
    "-f",
    metavar="PATTERN",
    default=DEFAULT_NAMES,
    show_default=True,
    help="Names of the stems under DIR; {foldername} is the folder that the song is in.",
)
@click.option(
    "--overwrite/--skip-existing",
    default=None,
    help="Replace stems that are there, or leave such songs alone. Else they are an error.",
)
@click.option("--recursive", "-r", is_flag=True, help="Look into folders inside folders.")
@click.option(
    "--backend",
    type=click.Choice(BACKENDS),
    default="auto",
    show_default=True,
    help="auto measures both and takes the faster.",
)
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; all cores unless given.")
@click.option(
    "--bandwidth",
    type=click.Choice(BANDWIDTHS),
    help="How far up the network listens; instead of the preset's.",
)
@click.option(
    "--mask-extension",
    type=click.Choice(MASK_EXTENSIONS),
    help="What happens above that; instead of the preset's.",
)
@click.option(
    "--mwf/--no-mwf",
    default=None,
    help="With or without a multichannel Wiener filter; instead of the preset's.",
)
@click.option(
    "--overlap",
    metavar="FRAMES",
    type=click.IntRange(min=0),
    help="How much neighbouring patches share; instead of the preset's.",
)
@click.option("--json", is_flag=True, help="Print one JSON object per song on standard output.")
@click.option("--quiet", "-q", is_flag=True, help="Print nothing but errors (and --json).")
def command(**options: Any) -> None:
    """Separate songs into stems.

    Folders stand for the songs in them. One song that fails does not stop the others.

    Exit code: 0 all good, 1 some song failed, 2 the command makes no sense, 130 after Ctrl-C.
    """
    request = Request(**options)
    # Deferred: audio libraries and model runtime, which --help and a typing error do not need.
    from tui.cli.work import separate_all

    sys.exit(separate_all(request))
