"""Pages of the library, and searching it."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.store import search
from core.store.database import Database, open_database, read_database
from core.store.records import NewTrack, Track
from core.store.sorting import sort_key
from core.store.trackrows import put_track
from core.store.tracks import (
    SortBy,
    count_tracks,
    find_track,
    folder_taken,
    get_track,
    list_tracks,
    remove_track,
    rename_track,
    search_tracks,
)

Make = Callable[..., NewTrack]
_WORDS = ["love", "The", "Lovely", "Ångström", "déjà", "night", "Day", "of", "Über", "zebra", "AC"]


@pytest.fixture
def library(db: Database, new_track: Make) -> list[Track]:
    """A library of 400 tracks with names that collide, unknown tempos and keys."""
    pick = random.Random(4)
    with db.transaction():
        return [
            put_track(
                db,
                new_track(
                    number,
                    title=" ".join(pick.choices(_WORDS, k=pick.randint(1, 3))),
                    artist=pick.choice(["", *_WORDS]),
                    album=pick.choice(["", *_WORDS]),
                    duration=pick.choice([60.0, 120.5, 180.0, 300.25]),
                    bpm=pick.choice([None, 90.0, 120.0, 128.5]),
                    key=pick.choice([None, "Am", "C", "F#m"]),
                    lyrics=pick.choice([(), (), ("lyrics.lrc",)]),
                ),
                now=float(1000 + number // 3),
            )
            for number in range(400)
        ]


_KEYS: dict[SortBy, Callable[[Track], tuple[object, ...]]] = {
    SortBy.TITLE: lambda track: (sort_key(track.title),),
    SortBy.ARTIST: lambda track: (
        sort_key(track.artist),
        sort_key(track.album),
        sort_key(track.title),
    ),
    SortBy.ALBUM: lambda track: (sort_key(track.album), sort_key(track.title)),
    SortBy.ADDED: lambda track: (track.added_at,),
    SortBy.LENGTH: lambda track: (track.duration,),
    SortBy.BPM: lambda track: (track.bpm,),
    SortBy.KEY: lambda track: (track.key,),
}


def _sorted(tracks: list[Track], sort: SortBy, descending: bool) -> list[Track]:
    known = [track for track in tracks if _KEYS[sort](track) != (None,)]
    unknown = [track for track in tracks if _KEYS[sort](track) == (None,)]

    def key(track: Track) -> object:
        return _KEYS[sort](track), track.id

    unknown.sort(key=lambda track: track.id, reverse=descending)
    return sorted(known, key=key, reverse=descending) + unknown  # type: ignore[arg-type]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", list(SortBy))
def test_pages_together_are_the_sorted_library(
    db: Database, library: list[Track], sort: SortBy, descending: bool
) -> None:
    wanted = _sorted(library, sort, descending)
    for size in (90, 100, 1000):
        pages = [
            list_tracks(db, sort=sort, descending=descending, limit=size, offset=at)
            for at in range(0, 500, size)
        ]
        assert [track for page in pages for track in page] == wanted


def test_page_may_lie_anywhere(db: Database, library: list[Track]) -> None:
    wanted = _sorted(library, SortBy.TITLE, descending=False)
    for offset in (0, 1, 150, 190, 199, 200, 201, 250, 395, 399):
        page = list_tracks(db, sort=SortBy.TITLE, limit=20, offset=offset)
        assert page == wanted[offset : offset + 20]
    assert list_tracks(db, offset=400) == []
    assert list_tracks(db, limit=0) == []


@pytest.mark.parametrize("since", [None, 1100.0])
@pytest.mark.parametrize("lyrics", [None, True, False])
def test_filtered_pages_leave_out_the_rest(
    db: Database, library: list[Track], lyrics: bool | None, since: float | None
) -> None:
    wanted = [
        track
        for track in _sorted(library, SortBy.BPM, descending=True)
        if (lyrics is None or bool(track.lyrics) is lyrics)
        and (since is None or track.added_at >= since)
    ]
    assert wanted
    pages = [
        list_tracks(
            db,
            sort=SortBy.BPM,
            descending=True,
            limit=15,
            offset=at,
            with_lyrics=lyrics,
            added_since=since,
        )
        for at in range(0, 400, 15)
    ]
    assert [track for page in pages for track in page] == wanted


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", list(SortBy))
def test_no_page_sorts_or_reads_the_table(
    db: Database,
    library: list[Track],
    plans: Callable[..., list[str]],
    sort: SortBy,
    descending: bool,
) -> None:
    for offset in (0, 100):
        for more in ({}, {"with_lyrics": True}, {"with_lyrics": False}, {"added_since": 1050.0}):
            seen = plans(
                lambda o=offset, m=more: list_tracks(
                    db, sort=sort, descending=descending, limit=10, offset=o, **m
                )
            )
            assert any(f"COVERING INDEX tracks_by_{sort}" in line for line in seen)
            _assert_cheap(seen)


def _assert_cheap(plan: list[str]) -> None:
    # The stems of each track on the page are put in order; that is all the sorting there may be.
    stems_only = "USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"
    for line in plan:
        assert "TEMP B-TREE" not in line or line == stems_only
        assert line not in ("SCAN tracks", "SCAN stems")


def _matching(tracks: list[Track], *prefixes: str) -> list[Track]:
    def words(track: Track) -> list[str]:
        text = f"{track.title} {track.artist} {track.album}"
        plain = sort_key(text.replace("The", "th_e")).replace("th_e", "the")
        return plain.split()

    found = [
        track
        for track in tracks
        if all(any(word.startswith(prefix) for word in words(track)) for prefix in prefixes)
    ]
    return _sorted(found, SortBy.ARTIST, descending=False)


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize(
    ("text", "prefixes"),
    [
        ("l", ["l"]),
        ("lov", ["lov"]),
        ("LOVE", ["love"]),
        ("lovely", ["lovely"]),
        ("uber", ["uber"]),
        ("ÜBER", ["uber"]),
        ("U\N{COMBINING DIAERESIS}b", ["ub"]),
        ("deja night", ["deja", "night"]),
        ("  d   n  l ", ["d", "n", "l"]),
        ("angstr", ["angstr"]),
        ("nothing", ["nothing"]),
    ],
)
def test_every_word_is_the_beginning_of_one(
    db: Database,
    library: list[Track],
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    text: str,
    prefixes: list[str],
) -> None:
    monkeypatch.setattr(search, "_FEW", few)
    wanted = _matching(library, *prefixes)
    assert count_tracks(db, text) == len(wanted)
    pages = [search_tracks(db, text, limit=7, offset=at) for at in range(0, 420, 7)]
    assert [track for page in pages for track in page] == wanted


def test_search_over_many_walks_an_index(
    db: Database,
    library: list[Track],
    plans: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "_FEW", 0)
    for offset in (0, 100):
        seen = plans(lambda o=offset: search_tracks(db, "l", limit=10, offset=o))
        assert any("COVERING INDEX tracks_by_artist" in line for line in seen)
        _assert_cheap(seen)


def test_search_over_few_sorts_these_only(
    db: Database, library: list[Track], plans: Callable[..., list[str]]
) -> None:
    seen = plans(lambda: search_tracks(db, "zebra", limit=10))
    assert "SEARCH tracks USING INTEGER PRIMARY KEY (rowid=?)" in seen
    assert not any(line.startswith("SCAN tracks USING") for line in seen)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ac/dc", True),
        ("AC DC", True),
        ("dc", True),
        ("(back)", True),
        ("rock'n'roll", True),
        ("rock'n", True),
        ('"back"', True),
        ("back*", True),
        ("back -", True),
        ("title:back", False),
        ("back OR nothing", False),
        ("NOT back", False),
        ("NEAR(back)", False),
        ("^back", True),
        ("{back}", True),
        ("b\0ack", False),
        ("back\0", True),
        ("\ud800", True),
        ("\N{GUITAR}", True),
        ("...", True),
        ("", True),
        (" \t\n", True),
    ],
)
def test_punctuation_and_operators_are_harmless(
    db: Database, separated: Callable[..., Track], text: str, found: bool
) -> None:
    track = separated(1, title="Back in Rock'n'Roll", artist="AC/DC", album="")
    assert search_tracks(db, text) == [track] * found
    assert count_tracks(db, text) == found


@given(st.text(max_size=200))
def test_any_text_can_be_searched_for(anywhere: Path, text: str) -> None:
    with read_database(anywhere) as db:
        assert len(search_tracks(db, text)) == count_tracks(db, text)


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search") / "minusone.db"
    with open_database(path):
        pass
    return path


def test_very_long_text_can_be_searched_for(db: Database, separated: Callable[..., Track]) -> None:
    separated(1)
    assert search_tracks(db, "so " * 20_000) != []
    assert search_tracks(db, "so" * 20_000) == []
    assert search_tracks(db, '" OR * NEAR( ' * 20_000) == []


def test_track_is_found_by_number_and_content(
    db: Database, separated: Callable[..., Track]
) -> None:
    track = separated(1)
    assert get_track(db, track.id) == find_track(db, track.sha256) == track
    assert find_track(db, "0" * 64) is None
    with pytest.raises(UsageError, match="no track 99") as raised:
        get_track(db, 99)
    assert "library list" in raised.value.detail


def test_folder_is_taken_whatever_its_case(db: Database, separated: Callable[..., Track]) -> None:
    separated(1, folder="Björk - Jóga")
    assert folder_taken(db, "Björk - Jóga")
    assert folder_taken(db, "BJÖRK - JÓGA")
    assert folder_taken(db, "Bjo\N{COMBINING DIAERESIS}rk - Jóga")
    assert not folder_taken(db, "Bjork - Joga")


def test_removed_track_leaves_nothing_but_its_history(
    db: Database, separated: Callable[..., Track]
) -> None:
    track, other = separated(1), separated(2)
    db.change("INSERT INTO mixes VALUES (1, ?, 'Karaoke', '{}', 0, 0)", (track.id,))
    assert remove_track(db, track.id) == track
    assert list_tracks(db) == search_tracks(db, "song") == [other]
    for table in ("stems", "mixes"):
        query = f"SELECT count(*) FROM {table} WHERE track_id = ?"
        assert db.value(query, (track.id,)) == 0
    assert db.value("SELECT count(*) FROM jobs WHERE track_id IS NULL") == 1
    assert not folder_taken(db, track.folder)
    with pytest.raises(UsageError, match="no track"):
        remove_track(db, track.id)


def test_renamed_track_is_found_under_its_new_name(
    db: Database, separated: Callable[..., Track]
) -> None:
    track, other = separated(1, artist="B"), separated(2, artist="C")
    renamed = rename_track(db, track.id, title=" Été \udcff", artist="The Zebras")
    assert renamed == replace(track, title="Été \ufffd", artist="The Zebras")
    assert search_tracks(db, "ete zeb") == [renamed]
    assert search_tracks(db, "somebody") == []
    assert list_tracks(db) == [other, renamed]
    assert list_tracks(db, sort=SortBy.TITLE) == [renamed, other]
    assert rename_track(db, track.id, album="").album == ""
    with pytest.raises(UsageError, match="needs a title"):
        rename_track(db, track.id, title="  ")
    with pytest.raises(UsageError, match="no track 99"):
        rename_track(db, 99, title="A")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("The Beatles", "beatles"),
        ("THE beatles", "beatles"),
        ("The", "the"),
        ("The The", "the"),
        ("Theory", "theory"),
        ("Björk", "bjork"),
        ("Bjo\N{COMBINING DIAERESIS}rk", "bjork"),
        ("Mø", "mo"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ('"Heroes', "heroes"),
        ("(I Can't Get No)  Satisfaction", "i can't get no) satisfaction"),
        ("...", "..."),
        ("Ａ\N{NO-BREAK SPACE}b", "a b"),
        ("東京", "東京"),
        ("", ""),
    ],
)
def test_names_are_sorted_as_people_expect(text: str, key: str) -> None:
    assert sort_key(text) == key
