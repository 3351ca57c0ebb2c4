"""Lyrics that the tests share."""

import pytest

from core.lyrics.model import Lyrics
from core.lyrics.ultrastar import parse_ultrastar

# At this #BPM a beat is 0.05 s, so that times can be read off.
DUET = """\
#TITLE:Two of us
#ARTIST:The Pair
#MP3:two.mp3
#BPM:300
#GAP:1000
#P1:Ann
#P2:Bob
P1
: 0 10 0 I
: 20 10 2  sing
- 40
: 100 10 4 To
: 120 20 5 ge
: 140 20 5 ther
P2
: 50 10 -5 You
: 70 10 -3  sing
- 90
: 100 10 0 To
: 120 20 1 ge
: 140 20 1 ther
E
"""


@pytest.fixture
def duet() -> Lyrics:
    return parse_ultrastar(DUET)


@pytest.fixture
def duet_file() -> str:
    return DUET
