"""The libraries that do the work: the model runtime, the models, and what reads sound files."""

import importlib.metadata
from collections.abc import Iterator

from core.catalog.registry import read_catalog
from core.doctor.finding import Finding, Status
from core.errors import ModelError

GPU_RUNTIME = 2
"""First major version of LiteRT that has the GPU interface."""


def check_runtime() -> Iterator[Finding]:
    """Look for LiteRT without loading it."""
    version = _version("ai-edge-litert")
    if version is None:
        fix = "pip install ai-edge-litert"
        yield Finding("Runtime", Status.PROBLEM, "LiteRT, which runs the models, is missing", fix)
    elif int(version.split(".")[0]) < GPU_RUNTIME:
        yield Finding(
            "Runtime",
            Status.NOTE,
            f"LiteRT {version}: runs on the CPU only",
            f"For the GPU: LiteRT {GPU_RUNTIME} or later, which needs Python 3.12 on 64-bit Arm.",
        )
    else:
        yield Finding("Runtime", Status.OK, f"LiteRT {version}")


def check_models() -> Iterator[Finding]:
    """Compare every model file with its checksum."""
    catalog = read_catalog()
    for problem in catalog.problems:
        yield Finding("Models", Status.PROBLEM, problem.error.title, problem.error.detail)
    for entry in catalog.entries:
        try:
            entry.verify()
        except ModelError as error:
            yield Finding("Models", Status.PROBLEM, error.title, error.detail)
        else:
            stems = ", ".join(entry.spec.stems)
            yield Finding("Models", Status.OK, f"{entry.name} ({stems}): checksum is right")
    if not catalog.entries and not catalog.problems:
        fix = "Install minusone again: the built-in model is missing."
        yield Finding("Models", Status.PROBLEM, "There is no model", fix)


def check_sound_files() -> Iterator[Finding]:
    """Load libsndfile and ask what it reads."""
    # A broken or missing library must become a finding of this check, not an import error.
    import soundfile

    version = soundfile.__libsndfile_version__
    formats = soundfile.available_formats()
    missing = [name for name in ("WAV", "FLAC", "OGG", "MP3") if name not in formats]
    if "OGG" in formats and "OPUS" not in soundfile.available_subtypes("OGG"):
        missing.append("OPUS")
    if missing:
        yield Finding(
            "Sound files",
            Status.NOTE,
            f"libsndfile {version} cannot read {', '.join(missing)}",
            "pip install --force-reinstall soundfile (its wheel brings a libsndfile that can).",
        )
    else:
        text = f"libsndfile {version} reads WAV, FLAC, Ogg, Opus and MP3"
        yield Finding("Sound files", Status.OK, text)


def check_ffmpeg() -> Iterator[Finding]:
    """Load PyAV, which brings FFmpeg's libraries."""
    text = "m4a, AAC, ALAC, WMA, WebM and video files cannot be read, and m4a cannot be written"
    if _version("av") is None:
        fix = "pip install av (FFmpeg's libraries come with it; everything else works without)."
        yield Finding("FFmpeg", Status.NOTE, f"PyAV is not installed: {text}", fix)
        return
    try:
        # The same: a library that does not load is what this check is for.
        import av
    except (ImportError, OSError) as exc:
        fix = "pip install --force-reinstall av"
        yield Finding("FFmpeg", Status.NOTE, f"PyAV does not load ({exc}): {text}", fix)
        return
    codec = ".".join(str(part) for part in av.library_versions["libavcodec"])
    yield Finding("FFmpeg", Status.OK, f"PyAV {av.__version__} with libavcodec {codec}")


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
