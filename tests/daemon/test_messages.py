"""What the daemon and its children say survives the pipe."""

from pathlib import Path

import pytest

from core.store.records import NewTrack, SongFacts, Stem
from daemon import messages

FACTS = SongFacts("Tide", "Moon", "Water", 1.5, 44100, 2, "flac")
TRACK = NewTrack(
    sha256="",
    folder="",
    title="Tide",
    duration=1.5,
    rate=44100,
    channels=2,
    source_name="a.wav",
    model="m",
    preset="p",
    backend="cpu",
    stems=(Stem("vocals", "vocals.flac", "flac", 10),),
    lyrics=("lyrics.lrc",),
)
REQUESTS = [
    messages.Probe("/a/b\udcff\n\u202e.mp3"),
    messages.Separate(
        7, "/a/b", "/c", FACTS, "m", "p", "auto", None, "flac", 16, None, ("vocals",)
    ),
    messages.Cancel(7),
]
REPLIES = [
    messages.Probed(FACTS),
    messages.Progressed(7, "separating", 0.5, None),
    messages.Separated(7, TRACK, "the only one", 1.0, 2.0, ("a warning",)),
    messages.Failed("AudioError", "What\nhappened.", "What to do.", False, 7),
    messages.Stopped(7),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: type(one).__name__)
def test_a_request_comes_through_in_one_line(request_: messages.Request) -> None:
    line = messages.encode(request_)
    assert line.count(b"\n") == 1
    assert messages.decode_request(line) == request_


@pytest.mark.parametrize("reply", REPLIES, ids=lambda one: type(one).__name__)
def test_a_reply_comes_through_in_one_line(reply: messages.Reply) -> None:
    line = messages.encode(reply)
    assert line.count(b"\n") == 1
    assert messages.decode_reply(line) == reply


def test_bytes_of_a_name_that_are_no_utf8_survive() -> None:
    path = Path("/music") / b"\xff\xfe.mp3".decode("utf-8", "surrogateescape")
    line = messages.encode(messages.Probe(str(path)))
    read = messages.decode_request(line)
    assert isinstance(read, messages.Probe)
    assert bytes(Path(read.path)) == b"/music/\xff\xfe.mp3"


@pytest.mark.parametrize("line", [b"", b"{}", b"[1]", b'{"":"Nobody"}', b'{"":"Stopped"}', b"\xff"])
def test_anything_else_is_refused(line: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        messages.decode_reply(line)


def test_a_request_is_no_reply() -> None:
    with pytest.raises(KeyError):
        messages.decode_reply(messages.encode(messages.Cancel(1)))
