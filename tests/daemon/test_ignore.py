"""What is taken from an inbox by its name and size."""

import pytest

from daemon.ignore import Choice, IgnoreRules, Verdict


def choice(path: str, *patterns: str) -> Choice:
    return IgnoreRules(patterns).judge(path).choice


@pytest.mark.parametrize("name", ["a.mp3", "A.FLAC", "disc 1/b.opus", "clip.mkv", "x.y.wav"])
def test_songs_are_taken(name: str) -> None:
    assert IgnoreRules().judge(name) == Verdict(Choice.TAKE)


@pytest.mark.parametrize("name", ["song", "song.xyz", "song.mp3.bak", "a/b.001", "no suffix."])
def test_names_that_say_nothing_are_tried(name: str) -> None:
    assert IgnoreRules().judge(name) == Verdict(Choice.TRY)


@pytest.mark.parametrize(
    "name",
    [
        *(".DS_Store", "._song.mp3", "Thumbs.db", "desktop.ini", "song.mp3.part", "song.flac~"),
        *("song.mp3.partial", "song.mp3.filepart", "song.mp3.crdownload", "song.mp3.tmp"),
        *("song.mp3.!qB", ".syncthing.song.mp3.tmp", ".stfolder/x.mp3", ".stversions/a/x.mp3"),
        *("@eaDir/song.mp3", "#recycle/x.mp3", "lost+found/x.mp3", "a/.hidden/b/x.mp3"),
        *("a/Thumbs.db", "~$song.mp3", "__MACOSX/song.mp3", ".Trash-1000/files/song.mp3"),
    ],
)
def test_litter_is_ignored_without_a_word_wherever_it_lies(name: str) -> None:
    verdict = IgnoreRules().judge(name)
    assert verdict.choice is Choice.IGNORE
    assert verdict.reason
    assert not verdict.told


SIDECARS = (
    "jpg png gif webp lrc elrc txt cdg nfo cue log m3u pls pdf url xml json srt ass torrent sfv "
    "md5 db"
)


@pytest.mark.parametrize("suffix", SIDECARS.split())
def test_what_accompanies_songs_is_ignored_without_a_word(suffix: str) -> None:
    verdict = IgnoreRules().judge(f"album/song.{suffix.upper()}")
    assert verdict.choice is Choice.IGNORE
    assert not verdict.told


@pytest.mark.parametrize("name", ["album.zip", "album.rar", "album.7z"])
def test_archives_are_refused_with_the_advice_to_unpack_them(name: str) -> None:
    verdict = IgnoreRules().judge(name)
    assert verdict.choice is Choice.IGNORE
    assert verdict.told
    assert "Unpack" in verdict.reason


def test_too_large_is_refused_naming_size_and_limit() -> None:
    rules = IgnoreRules(max_size=4 << 30)
    assert rules.judge("long.wav", 4 << 30).choice is Choice.TAKE
    verdict = rules.judge("long.wav", 5 << 30)
    assert verdict.choice is Choice.IGNORE
    assert verdict.told
    assert "5.0 GiB" in verdict.reason
    assert "4.0 GiB" in verdict.reason
    assert "max_size" in verdict.reason
    assert rules.judge("long.wav").choice is Choice.TAKE


def test_patterns_match_names_and_paths_and_folders_without_regard_to_capitals() -> None:
    assert choice("a/Demo 1.mp3", "demo*") is Choice.IGNORE
    assert choice("a/song.mp3", "demo*") is Choice.TAKE
    assert choice("drafts/x/song.mp3", "Drafts/") is Choice.IGNORE
    assert choice("a/drafts/song.mp3", "a/drafts") is Choice.IGNORE
    assert choice("b/drafts/song.mp3", "a/drafts") is Choice.TAKE
    assert choice("a/b/c/live.mp3", "a/*/live.*") is Choice.IGNORE
    assert choice("song.ogg", "*.[!m]??") is Choice.IGNORE


def test_ignored_folders_are_not_entered() -> None:
    rules = IgnoreRules(["drafts"])
    assert rules.enters("")
    assert rules.enters(".")
    assert rules.enters("albums/one")
    assert not rules.enters("albums/@eaDir")
    assert not rules.enters(".stversions/deeper")
    assert not rules.enters("drafts")
    assert not rules.enters("drafts/deeper")


def test_names_of_any_bytes_can_be_judged() -> None:
    assert choice("\udcff\udc80.mp3") is Choice.TAKE
    assert choice("new\nline.mp3", "x*") is Choice.TAKE
    assert choice("[brackets.mp3", "[*") is Choice.IGNORE
