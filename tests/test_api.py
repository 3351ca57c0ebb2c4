"""`import minusone`: cheap, complete, typed."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from statistics import median

import numpy as np
import pytest
import soundfile

import minusone
from core.separation.outputs import DEFAULT_PATTERN
from core.separation.presets import DEFAULT_PRESET
from core.separation.separator import DEFAULT_MODEL

HEAVY = (
    "ai_edge_litert",
    "av",
    "click",
    "mutagen",
    "numpy",
    "rich",
    "soundfile",
    "soxr",
    "textual",
)


def python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_import_brings_nothing_heavy() -> None:
    code = f"import sys, minusone; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert python(code) == "[]\n"


def test_error_classes_bring_nothing_heavy() -> None:
    code = (
        "import sys, minusone; minusone.MinusoneError, minusone.UsageError;"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert python(code) == "[]\n"


def test_import_takes_under_a_third_of_a_second() -> None:
    # Processor time, the interpreter's own start included: a busy computer does not count.
    code = "import minusone, time; print(time.process_time())"
    assert median(float(python(code)) for _ in range(5)) < 0.3


@pytest.mark.parametrize("name", minusone.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(minusone, name)
    assert value.__doc__
    assert name in dir(minusone)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'seperate'"):
        minusone.seperate  # noqa: B018 - the access is the test


def test_type_checkers_see_what_is_there_at_run_time() -> None:
    seen = {}
    for node in ast.walk(ast.parse(Path(minusone.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for statement in node.body:
                if isinstance(statement, ast.ImportFrom):
                    seen.update({alias.name: statement.module for alias in statement.names})
    assert set(seen) == set(minusone.__all__) - {"separate", "__version__"}
    for name, module in seen.items():
        assert getattr(minusone, name) is getattr(import_module(str(module)), name)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What this user has installed or measured must not change what a test sees.
    monkeypatch.setenv("MINUSONE_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("MINUSONE_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Half a second of noise, stereo, 44.1 kHz."""
    noise = np.random.default_rng(1).normal(0.0, 0.1, (22050, 2))
    path = tmp_path / "Song.wav"
    soundfile.write(path, noise, 44100)
    return path


def test_separate_writes_the_stems_and_says_where(song: Path, tmp_path: Path) -> None:
    stages = []
    result = minusone.separate(
        str(song), tmp_path / "out", progress=lambda progress: stages.append(progress.stage)
    )
    assert isinstance(result, minusone.Separation)
    assert list(result.outputs) == ["vocals", "accompaniment"]
    assert result.outputs["vocals"] == tmp_path / "out" / "Song" / "vocals.wav"
    assert soundfile.info(result.outputs["vocals"]).frames == 22050
    assert list(dict.fromkeys(stages)) == list(minusone.Stage)


def test_separate_without_a_folder_and_with_options(
    song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = minusone.separate(
        song,
        preset="fast",
        stems=["vocals"],
        output_format=minusone.OutputFormat(minusone.Codec.FLAC, bits=24),
        duration=0.25,
        filename_format="{filename}-{instrument}.{codec}",
    )
    assert result.outputs == {"vocals": Path("separated/Song-vocals.flac")}
    assert soundfile.info(result.outputs["vocals"]).frames == 11025


def test_stems_that_are_there_are_kept_unless_told_otherwise(song: Path, tmp_path: Path) -> None:
    minusone.separate(song, tmp_path / "out")
    with pytest.raises(minusone.OutputError, match="already"):
        minusone.separate(song, tmp_path / "out")
    assert not minusone.separate(song, tmp_path / "out", overwrite=True).skipped


def test_exception_of_the_callback_ends_it_and_leaves_no_file(song: Path, tmp_path: Path) -> None:
    class EnoughError(Exception):
        pass

    def stop(progress: minusone.Progress) -> None:
        if progress.stage is minusone.Stage.WRITING:
            raise EnoughError

    with pytest.raises(EnoughError):
        minusone.separate(song, tmp_path / "out", progress=stop)
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_defaults_are_those_of_the_engine() -> None:
    ours = inspect.signature(minusone.separate).parameters
    assert ours["model"].default == DEFAULT_MODEL
    assert ours["preset"].default == DEFAULT_PRESET
    assert ours["filename_format"].default == DEFAULT_PATTERN


def test_separator_takes_arrays_and_gives_waveforms_that_add_up(song: Path) -> None:
    samples, rate = soundfile.read(song, dtype="float32")
    with minusone.Separator() as separator:
        stems = separator.separate(samples, rate)
    assert set(stems) == {"vocals", "accompaniment"}
    for stem in stems.values():
        assert isinstance(stem, minusone.Waveform)
        assert stem.samples.shape == (22050, 2)
        assert stem.samples.dtype == np.float32
        assert stem.rate == rate
    total = stems["vocals"].samples + stems["accompaniment"].samples
    np.testing.assert_allclose(total, samples, atol=1e-4)
