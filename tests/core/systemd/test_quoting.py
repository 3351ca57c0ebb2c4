"""Names in unit files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import UsageError
from core.systemd.quoting import command_line, instance, quoted, unquoted

WRITABLE = st.text(st.characters(exclude_categories=("Cc", "Cs")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/ann/Music", "/home/ann/Music"),
        ("/mnt/my music", '"/mnt/my music"'),
        ("/a%b", "/a%%b"),
        ('/a"b', '"/a\\"b"'),
        ("/a\\b", '"/a\\\\b"'),
        ("/it's", '"/it\'s"'),
        ("/é/音楽", "/é/音楽"),
        ("", '""'),
    ],
)
def test_a_name_keeps_its_blanks_and_percents(text: str, expected: str) -> None:
    assert quoted(text) == expected


@given(WRITABLE)
def test_what_is_written_can_be_read(text: str) -> None:
    assert unquoted(quoted(text)) == text


@pytest.mark.parametrize("text", ["/a\nb", "/a\tb", "/a\x00b", "/a\x85b", "/caf\udce9"])
def test_names_that_a_unit_cannot_hold_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot be written in a systemd unit"):
        quoted(text)


def test_a_dollar_in_an_argument_is_no_variable() -> None:
    words = ("/opt/my $program", "--config", "/home/$HOME/50%")
    assert command_line(words) == '"/opt/my $program" --config /home/$$HOME/50%%'


@pytest.mark.parametrize(
    ("account", "expected"),
    [("alice", "alice"), ("ann-marie.b_2", "ann-marie.b_2"), ("DOM\\ann", "DOM\\x5cann")],
)
def test_an_account_becomes_part_of_a_units_name(account: str, expected: str) -> None:
    assert instance(account) == expected
