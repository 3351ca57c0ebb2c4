"""The errors that users meet."""

import pickle

import pytest

from core import errors
from core.errors import MinusoneError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, MinusoneError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_error_has_a_title_and_a_detail(kind: type[MinusoneError]) -> None:
    error = kind("Song.wav cannot be read.", "Get it again.")
    assert error.title == "Song.wav cannot be read."
    assert error.detail == "Get it again."
    assert str(error) == "Song.wav cannot be read. Get it again."
    assert str(kind("Song.wav cannot be read.")) == "Song.wav cannot be read."
    assert kind.__doc__


@pytest.mark.parametrize("kind", KINDS)
def test_error_passes_between_processes(kind: type[MinusoneError]) -> None:
    error = pickle.loads(pickle.dumps(kind("What happened.", "What to do.")))
    assert type(error) is kind
    assert (error.title, error.detail) == ("What happened.", "What to do.")


def test_kinds_are_told_apart() -> None:
    direct = [kind for kind in KINDS if kind is not MinusoneError]
    assert len(direct) >= 5
    for kind in direct:
        others = [other for other in direct if other is not kind and not issubclass(kind, other)]
        assert all(not issubclass(kind, other) for other in others)
    assert not issubclass(MinusoneError, (ValueError, OSError))
