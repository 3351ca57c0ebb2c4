"""From a file and variables to settings, or to an error that names the line."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.audio.formats import Codec, OutputFormat
from core.config import (
    After,
    InboxSettings,
    IoPriority,
    JobSettings,
    SeparationSettings,
    Settings,
    Watch,
    default_settings,
    load_settings,
)
from core.errors import ConfigError

Load = Callable[..., Settings]

FULL = """
library = "~/songs"
database = "/var/lib/songs.db"

[inbox]
folders = ["in", "$HOME/more", "/srv/in"]
watch = "poll"
quiet = 2.5
rescan = "10 min"
poll = "500 ms"
ignore = ["*.wav"]
max_size = "500 MiB"
follow_links = true
after = "move"
move_to = "${HOME}/done"

[jobs]
workers = 2
nice = 19
io_priority = "idle"
attempts = 3
backoff = "2 min"
deaths = 1
worker_idle = 0
stall = "1 h"
grace = 5
reserve = 1_000

[separation]
model = "spleeter-4stems"
preset = "best"
backend = "cpu"
threads = 2
format = "mp3"
bitrate = 320
stems = ["vocals", "drums"]
"""


def test_nothing_configured_gives_the_defaults(load: Load, home: Path, file: Path) -> None:
    settings = load("")
    assert settings == Settings(
        library=home / "Music/minusone/library",
        database=home / ".local/state/minusone/minusone.db",
        inbox=InboxSettings(
            folders=(home / "Music/minusone/inbox",),
            watch=Watch.AUTO,
            quiet=5,
            rescan=300,
            poll=10,
            ignore=(),
            max_size=4_000_000_000,
            follow_links=False,
            after=After.KEEP,
            move_to=home / "Music/minusone/originals",
        ),
        jobs=JobSettings(
            workers=1,
            nice=10,
            io_priority=IoPriority.LOW,
            attempts=8,
            backoff=30,
            deaths=3,
            worker_idle=60,
            stall=300,
            grace=20,
            reserve=2_000_000_000,
        ),
        separation=SeparationSettings(
            model="spleeter-2stems",
            preset="balanced",
            backend="auto",
            threads=None,
            format=Codec.FLAC,
            bits=16,
            bitrate=None,
            stems=None,
        ),
        path=file,
        warnings=(),
    )


def test_a_file_sets_everything(load: Load, home: Path, file: Path) -> None:
    settings = load(FULL)
    assert settings.library == home / "songs"
    assert settings.database == Path("/var/lib/songs.db")
    assert settings.inbox == InboxSettings(
        folders=(file.parent / "in", home / "more", Path("/srv/in")),
        watch=Watch.POLL,
        quiet=2.5,
        rescan=600,
        poll=0.5,
        ignore=("*.wav",),
        max_size=500 << 20,
        follow_links=True,
        after=After.MOVE,
        move_to=home / "done",
    )
    assert settings.jobs == JobSettings(
        workers=2,
        nice=19,
        io_priority=IoPriority.IDLE,
        attempts=3,
        backoff=120,
        deaths=1,
        worker_idle=0,
        stall=3600,
        grace=5,
        reserve=1000,
    )
    assert settings.separation == SeparationSettings(
        model="spleeter-4stems",
        preset="best",
        backend="cpu",
        threads=2,
        format=Codec.MP3,
        bits=16,
        bitrate=320,
        stems=("vocals", "drums"),
    )
    assert settings.separation.separator_options() == {
        "model": "spleeter-4stems",
        "preset": "best",
        "backend": "cpu",
        "threads": 2,
    }
    assert settings.separation.output_format() == OutputFormat(Codec.MP3, 16, 320)


def test_variables_go_before_the_file(
    load: Load, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(
        FULL,
        MINUSONE_LIBRARY="relative",
        MINUSONE_DATABASE="~/my.db",
        MINUSONE_INBOX_FOLDERS=f"/a{os.pathsep}~/b{os.pathsep}",
        MINUSONE_INBOX_QUIET="7",
        MINUSONE_INBOX_FOLLOW_LINKS="no",
        MINUSONE_INBOX_MAX_SIZE="none",
        MINUSONE_INBOX_AFTER="keep",
        MINUSONE_JOBS_WORKERS=" 3 ",
        MINUSONE_SEPARATION_PRESET="Fast",
        MINUSONE_SEPARATION_THREADS="auto",
        MINUSONE_SEPARATION_BITRATE="192",
        MINUSONE_SEPARATION_STEMS="vocals, bass",
    )
    assert settings.library == tmp_path / "relative"
    assert settings.database == home / "my.db"
    assert settings.inbox.folders == (Path("/a"), home / "b")
    assert (settings.inbox.quiet, settings.inbox.follow_links) == (7.0, False)
    assert settings.inbox.max_size is None
    assert settings.jobs.workers == 3
    assert settings.separation.preset == "fast"
    assert settings.separation.threads is None
    assert settings.separation.bitrate == 192
    assert settings.separation.stems == ("vocals", "bass")


def test_an_empty_variable_is_not_set(load: Load) -> None:
    assert load("[inbox]\nquiet = 9", MINUSONE_INBOX_QUIET="").inbox.quiet == 9


def test_a_variable_of_bytes_that_are_no_text_is_a_path(load: Load) -> None:
    odd = os.fsdecode(b"/srv/\xff")
    assert os.fsencode(load(MINUSONE_LIBRARY=odd).library) == b"/srv/\xff"


def test_one_folder_needs_no_brackets(load: Load) -> None:
    assert load('[inbox]\nfolders = "/srv/in"').inbox.folders == (Path("/srv/in"),)


def test_no_inbox_is_no_error(load: Load) -> None:
    assert load("[inbox]\nfolders = []").inbox.folders == ()


def test_the_same_folder_twice_counts_once(load: Load) -> None:
    assert load('[inbox]\nfolders = ["/srv/in", "/srv/./in/"]').inbox.folders == (Path("/srv/in"),)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "[inbox]\n\nquite = 5",
            "line 3: there is no key 'quite' in [inbox]; did you mean 'quiet'?",
        ),
        (
            "[inbox]\nmax-size = 5",
            "line 2: there is no key 'max-size' in [inbox]; did you mean 'max_size'?",
        ),
        ("inbox.quite = 5", "line 1: there is no key 'quite' in [inbox]; did you mean 'quiet'?"),
        (
            "inbox = { quite = 5 }",
            "line 1: there is no key 'quite' in [inbox]; did you mean 'quiet'?",
        ),
        ("[jobs]\nxyzzy = 5", "line 2: there is no key 'xyzzy' in [jobs]."),
        (
            "quiet = 5",
            "line 1: there is no key 'quiet' above the sections; 'quiet' belongs in [inbox].",
        ),
        (
            "\n[jobs]\nquite = 5",
            "line 3: there is no key 'quite' in [jobs]; 'quiet' belongs in [inbox].",
        ),
        (
            '[inbox]\nlibrary = "x"',
            "line 2: there is no key 'library' in [inbox]; "
            "'library' belongs at the top, above all sections.",
        ),
        (
            "libary = 'x'",
            "line 1: there is no key 'libary' above the sections; did you mean 'library'?",
        ),
        ("\n\n[inbx]\n", "line 3: there is no section [inbx]; did you mean [inbox]?"),
        ("[zzz.inbox]", "line 1: there is no section [zzz]."),
        ("inbox = 5", "line 1: [inbox] is a section, not a key."),
        ("[[inbox]]\nquiet = 5", "line 1: [inbox] is a section, not a key."),
        ("[library]\npath = 1", "line 1: 'library' cannot be a table."),
        ('[inbox]\nquiet = "soon"', "line 2: 'quiet' in [inbox] cannot be \"soon\"."),
        ("[inbox]\nquiet = -1", "line 2: 'quiet' in [inbox] cannot be -1."),
        ("[inbox]\nquiet = nan", "line 2: 'quiet' in [inbox] cannot be nan."),
        ("[inbox]\nquiet = true", "line 2: 'quiet' in [inbox] cannot be true."),
        (
            '[inbox]\nquiet = "5 days"',
            "line 2: 'quiet' in [inbox] cannot be \"5 days\": 'days' is no unit.",
        ),
        ("[inbox]\nfollow_links = 1", "line 2: 'follow_links' in [inbox] cannot be 1."),
        ("[inbox]\nignore = [1, 2, 3, 4]", "line 2: 'ignore' in [inbox] cannot be [1, 2, 3, …]."),
        (
            '[inbox]\nfolders = [""]',
            "line 2: 'folders' in [inbox] cannot be [\"\"]: nothing stands there.",
        ),
        ("[jobs]\nworkers = 0", "line 2: 'workers' in [jobs] cannot be 0."),
        ("[jobs]\nworkers = 1.5", "line 2: 'workers' in [jobs] cannot be 1.5."),
        ("[jobs]\nnice = 20", "line 2: 'nice' in [jobs] cannot be 20."),
        ("[jobs]\nreserve = 2024-01-01", "line 2: 'reserve' in [jobs] cannot be a date or a time."),
        (
            f"[jobs]\nreserve = 1{'0' * 400}",
            "line 2: 'reserve' in [jobs] cannot be so large a number.",
        ),
        (
            '[separation]\nformat = "flak"',
            "line 2: 'format' in [separation] cannot be \"flak\"; did you mean 'flac'?",
        ),
        ('[separation]\npreset = "ultra"', "line 2: 'preset' in [separation] cannot be \"ultra\"."),
        ("[separation]\nbits = 20", "line 2: 'bits' in [separation] cannot be 20."),
        ('[separation]\nmodel = "a\\nb"', "line 2: 'model' in [separation] cannot be \"a\\nb\"."),
        ('library = "\\u0000"', "line 1: 'library' cannot be \"\\u0000\"."),
        (
            'library = "~nobody-of-that-name/x"',
            "line 1: 'library' cannot be \"~nobody-of-that-name/x\": nobody here is called "
            "nobody-of-that-name; write ./~nobody-of-that-name for a folder.",
        ),
    ],
)
def test_an_error_names_file_line_key_and_what_was_meant(
    load: Load, file: Path, text: str, title: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert caught.value.title == f"{file}, {title}"
    assert caught.value.detail


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            "[inbox]\nquiet = 'x'",
            'It takes a time from 0 s to 1 h, such as 90, "90 s" or "1.5 min".',
        ),
        ("[jobs]\nworkers = 'x'", "It takes a whole number from 1 to 64."),
        (
            "[inbox]\nmax_size = 'x'",
            'It takes a size, such as "500 MB", "4 GB" or "2 GiB", or "none".',
        ),
        ("[separation]\nbits = 'x'", "It takes 16, 24 or 32."),
        ("[separation]\nbackend = 'x'", 'It takes "auto", "cpu" or "gpu".'),
        ("[inbox]\nfollow_links = 'x'", "It takes true or false."),
        ("zzz = 1", "Keys there: library, database."),
        ("[zzz]", "Sections: [inbox], [jobs], [separation]."),
    ],
)
def test_an_error_says_what_would_be_right(load: Load, text: str, detail: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert caught.value.detail == detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MINUSONE_INBOX_QUIET", "soon"),
        ("MINUSONE_JOBS_WORKERS", "many"),
        ("MINUSONE_JOBS_WORKERS", "0"),
        ("MINUSONE_INBOX_FOLLOW_LINKS", "perhaps"),
        ("MINUSONE_SEPARATION_PRESET", "balancd"),
        ("MINUSONE_LIBRARY", "~nobody-of-that-name"),
        ("MINUSONE_DATABASE", os.fsdecode(b"~\xff")),
    ],
)
def test_a_bad_variable_is_named(load: Load, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: it cannot be ") as caught:
        load(FULL, **{name: value})
    caught.value.title.encode()


def test_an_unknown_variable_is_a_warning(load: Load) -> None:
    settings = load(
        MINUSONE_INBOX_QUITE="5",
        MINUSONE_XYZZY_PLUGH="secret",
        MINUSONE_MODELS_DIR="/models",
        MINUSONE_CACHE_DIR="/cache",
        OTHER="x",
    )
    assert settings.warnings == (
        "The environment variable MINUSONE_INBOX_QUITE means nothing to minusone; "
        "did you mean MINUSONE_INBOX_QUIET?",
        "The environment variable MINUSONE_XYZZY_PLUGH means nothing to minusone.",
    )


def test_the_usual_file_may_be_missing(home: Path) -> None:
    settings = load_settings(environ={"HOME": str(home)})
    assert settings == default_settings({"HOME": str(home)})
    assert settings.path is None


def test_the_usual_file_is_found(home: Path) -> None:
    file = home / ".config" / "minusone" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('library = "lib"')
    settings = load_settings(environ={"HOME": str(home)})
    assert (settings.path, settings.library) == (file, file.parent / "lib")


def test_a_named_file_must_be_there(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no configuration .*gone\.toml"):
        load_settings(tmp_path / "gone.toml", {"HOME": str(home)})
    with pytest.raises(ConfigError, match=r"There is no configuration .*gone\.toml"):
        load_settings(environ={"HOME": str(home), "MINUSONE_CONFIG": str(tmp_path / "gone.toml")})
    with pytest.raises(ConfigError, match="MINUSONE_CONFIG names no file"):
        load_settings(environ={"MINUSONE_CONFIG": "~nobody-of-that-name/x"})


def test_no_file_can_be_named(home: Path) -> None:
    environ = {"HOME": str(home), "MINUSONE_CONFIG": os.devnull}
    assert load_settings(environ=environ).library == home / "Music/minusone/library"


def test_settings_can_be_made_by_hand(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert Settings() == default_settings()
    assert Settings(jobs=JobSettings(workers=2)).jobs.workers == 2


def test_reading_settings_needs_no_audio_libraries() -> None:
    check = (
        "import sys, core.config, core.library.root, core.library.record, core.fingerprint\n"
        "import core.library.naming, core.library.sidecars, core.transient\n"
        "heavy = {'numpy', 'av', 'soundfile', 'mutagen', 'soxr', 'rich', 'click'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert (found.stdout, found.stderr) == ("\n", "")
