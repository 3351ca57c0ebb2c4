"""Which errors may pass by themselves."""

import errno

import pytest

from core.errors import AudioError, OutputError
from core.transient import is_transient, is_transient_error


@pytest.mark.parametrize(
    "name",
    [
        "ENOSPC",
        "EDQUOT",
        "EIO",
        "ESTALE",
        "ENOTCONN",
        "ETIMEDOUT",
        "EAGAIN",
        "EBUSY",
        "EROFS",
        "ENOMEM",
        "EMFILE",
        "EHOSTDOWN",
    ],
)
def test_full_disks_and_lost_shares_may_pass(name: str) -> None:
    assert is_transient(OSError(getattr(errno, name), "no"))


@pytest.mark.parametrize(
    "name", ["ENOENT", "EACCES", "EPERM", "EISDIR", "ENOTDIR", "ENAMETOOLONG", "ELOOP"]
)
def test_missing_files_and_rights_do_not_come_by_waiting(name: str) -> None:
    assert not is_transient(OSError(getattr(errno, name), "no"))


def test_an_error_without_a_number_does_not_pass() -> None:
    assert not is_transient(OSError("odd"))


def _translated(cause: BaseException) -> OutputError:
    try:
        try:
            raise cause
        except BaseException as exc:
            raise OutputError("song.flac cannot be written.") from exc
    except OutputError as error:
        return error


def test_the_cause_decides() -> None:
    assert is_transient_error(_translated(OSError(errno.ENOSPC, "full")))
    assert not is_transient_error(_translated(OSError(errno.EACCES, "denied")))
    assert is_transient_error(_translated(_translated(OSError(errno.EIO, "bad"))))


def test_too_little_memory_may_pass() -> None:
    assert is_transient_error(MemoryError())
    assert is_transient_error(_translated(MemoryError()))


def _met_in(hidden: bool) -> None:
    try:
        raise OSError(errno.ENOSPC, "full")
    except OSError:
        if hidden:
            raise OutputError("song.flac cannot be written.") from None
        raise OutputError("song.flac cannot be written.")  # noqa: B904


@pytest.mark.parametrize("hidden", [False, True])
def test_what_an_error_was_met_in_counts_unless_it_was_hidden(hidden: bool) -> None:
    with pytest.raises(OutputError) as caught:
        _met_in(hidden)
    assert is_transient_error(caught.value) is not hidden


def test_an_error_of_our_own_does_not_pass() -> None:
    assert not is_transient_error(AudioError("song.mp3 is no audio."))


def test_errors_that_cause_each_other_end() -> None:
    one, other = AudioError("a"), AudioError("b")
    one.__cause__, other.__cause__ = other, one
    assert not is_transient_error(one)
