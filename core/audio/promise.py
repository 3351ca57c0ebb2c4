"""What a file guarantees about its own length, to notice one that was cut off."""

import re
from pathlib import Path

from core.audio.reader import AudioInfo

# libsndfile shortens a cut chunk to the file silently, but says so in its log.
_CUT_CHUNK = re.compile(r"^\s*(?:data|SSND)\s*: (\d+) \(should be (\d+)\)", re.MULTILINE)

# Programs that write to a pipe cannot go back to fill in the length; they leave these.
_UNKNOWN_SIZE = 0x7FFFF000


def promised_frames(path: Path, info: AudioInfo, log: str) -> int | None:
    """Return the length in frames that the header guarantees, or None.

    Parameters
    ----------
    path
        The file.
    info
        What libsndfile made of it.
    log
        libsndfile's log of parsing the header.
    """
    if info.frames is None:
        return None
    if info.container == "MP3":
        return info.frames if mp3_states_length(path) else None
    if cut := _CUT_CHUNK.search(log):
        announced, present = int(cut[1]), int(cut[2])
        if announced >= _UNKNOWN_SIZE or present == 0:
            return None
        return info.frames * announced // present
    return info.frames


def mp3_states_length(path: Path) -> bool:
    """Whether the first MPEG frame is a Xing, Info or VBRI header; else the length is guessed."""
    with path.open("rb") as file:
        start = file.read(10)
        offset = 0
        if start[:3] == b"ID3":
            # Four bytes of seven bits each (ID3v2.3, 3.1).
            for byte in start[6:10]:
                offset = offset << 7 | byte & 0x7F
            offset += 10
        file.seek(offset)
        first = file.read(4096)
    return any(mark in first for mark in (b"Xing", b"Info", b"VBRI"))


def lacks_end_mark(path: Path) -> bool:
    """Whether the last page of an Ogg file is not marked as the end of its stream (RFC 3533)."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        # A page is at most 65,307 bytes.
        file.seek(max(size - (1 << 17), 0))
        tail = file.read()
    page = tail.rfind(b"OggS")
    return page < 0 or page + 5 >= len(tail) or not tail[page + 5] & 0x04
