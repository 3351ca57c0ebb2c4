"""Names that file systems allow and people never meant: all of them end as legal folders."""

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.audio.encode import open_writer
from core.audio.formats import Codec, OutputFormat
from core.audio.tags import Tags
from core.library.naming import caseless_key
from core.store.database import read_database
from core.store.jobs import list_jobs
from core.store.tracks import list_tracks

Song = Callable[..., Path]

FORBIDDEN = set('<>:"/\\|?*') | {chr(code) for code in range(32)} | {"\x7f"}
DEVICES = {"con", "prn", "aux", "nul", "com1", "lpt1"}

NAMES = [
    unicodedata.normalize("NFC", "Café Sólo.wav").encode(),
    unicodedata.normalize("NFD", "Café Sólo.wav").encode(),
    "👩‍🎤 🎶 🇩🇪.wav".encode(),
    b"two\nlines\tand a bell \x07.wav",
    "é".encode() * 125 + b"x.wav",
    b"-rf --help.wav",
    "שלום \u202egpj.exe\u202c مرحبا.wav".encode(),
    b"latin \xe9\xff\xfe bytes.wav",
    b"con.wav",
    b"LPT1.anything.wav",
    b"trailing dots...wav",
    b"  spaces around  .wav",
    b'who? what: <that>|"this"*.wav',
    b"back\\slash.wav",
    b"percent %s %n {0}.wav",
    b"'; DROP TABLE tracks; --.wav",
    "\u200b\u2060\ufeff.wav".encode(),
    "private \uef80 use.wav".encode(),
    b"SAME name.wav",
    b"same NAME.wav",
    b"?.wav",
    b"no ending",
]
"""All files of the inbox, as bytes; the last opens as audio without saying so in its name."""


def is_legal(name: str) -> bool:
    """Tell whether NTFS, exFAT and SMB take a name of a folder."""
    return (
        bool(name)
        and name == unicodedata.normalize("NFC", name)
        and not FORBIDDEN & set(name)
        and not name.startswith((" ", "."))
        and not name.endswith((" ", "."))
        and name.split(".")[0].rstrip().lower() not in DEVICES
        and len(name.encode("utf-8")) <= 200
        and not any(unicodedata.category(char) in ("Cc", "Cs", "Cn", "Co") for char in name)
        and not any("\u202a" <= char <= "\u202e" for char in name)
    )


def test_every_name_ends_as_a_legal_folder(daemon, song: Song) -> None:
    daemon.configure(jobs="nice = 0", rest='preset = "fast"')
    paths = [daemon.inbox / os.fsdecode(name) for name in NAMES]
    assert max(len(os.fsencode(path.name)) for path in paths) == 255
    for seed, path in enumerate(paths):
        song(path, 0.2, seed=seed)
    daemon.start()
    daemon.wait_for_jobs(done=len(NAMES))
    assert len(daemon.jobs()) == len(NAMES)
    folders = daemon.folders()
    assert [name for name in folders if not is_legal(name)] == []
    assert len({caseless_key(name) for name in folders}) == len(NAMES)
    assert {"Café Sólo", "Café Sólo (2)"} <= set(folders)
    assert {"SAME name", "SAME name (2)"} & set(folders)
    assert {"same NAME", "same NAME (2)"} & set(folders)
    daemon.assert_sound()
    # Everything that was written can be read by anybody.
    log = daemon.log.read_bytes().decode("utf-8")
    assert len(log.splitlines()) == log.count(" INFO ") + log.count(" WARNING ")
    for row in daemon.rows("SELECT * FROM jobs") + daemon.rows("SELECT * FROM tracks"):
        for value in row.values():
            assert not isinstance(value, bytes)
    with read_database(daemon.database) as db:
        assert {job.source for job in list_jobs(db, limit=100)} == set(paths)
        assert len(list_tracks(db)) == len(NAMES)

    # A daemon that starts again knows them all.
    assert daemon.stop() == 0
    daemon.start("--once", ready=False)
    assert daemon.ended() == 0
    assert len(daemon.jobs()) == len(NAMES)


def test_names_in_tags(daemon) -> None:
    daemon.configure(rest='preset = "fast"')
    names = [
        ("AC/DC", "T.N.T."),
        ("Some Band", "Song"),
        ("Some Band", "Song"),
        ("SOME BAND", "song"),
        ("..", "../../etc/passwd"),
        ("", "CON"),
        ("A" * 300, "B" * 300),
    ]
    for number, (artist, title) in enumerate(names):
        noise = np.random.default_rng(number).normal(0, 0.1, (5000, 1)).astype(np.float32)
        fields = {name: (text,) for name, text in (("artist", artist), ("title", title)) if text}
        path = daemon.inbox / f"{number}.flac"
        with open_writer(path, OutputFormat(Codec.FLAC, 16), 22050, 1, Tags(fields)) as writer:
            writer.write(noise)
    daemon.start()
    daemon.wait_for_jobs(done=len(names))
    folders = daemon.folders()
    assert [name for name in folders if not is_legal(name)] == []
    assert "AC-DC - T.N.T" in folders
    alike = [name for name in folders if name.lower().startswith("some band - song")]
    assert sorted(name[16:] for name in alike) == ["", " (2)", " (3)"]
    assert {(track["artist"], track["title"]) for track in daemon.tracks()} == set(names)
    daemon.assert_sound()
