"""Telling this program's units from other people's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.systemd.seal import Author, read_seal, seal

BODY = "[Unit]\nDescription=x\n\n[Service]\nExecStart=/bin/true\n"


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_a_sealed_text_comes_back(body: str) -> None:
    found = read_seal(seal(body))
    assert (found.author, found.body) == (Author.PROGRAM, body)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("true", "false"),
        lambda text: text + "\n",
        lambda text: text[:-1],
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\n" + text,
        lambda text: text.replace("# SHA-256", "# sha-256"),
        lambda text: "\n".join(text.split("\n")[1:]),
    ],
)
def test_any_change_is_noticed(change: object) -> None:
    assert callable(change)
    assert read_seal(change(seal(BODY))).author is Author.EDITED


@pytest.mark.parametrize("text", ["", BODY, "# a comment\n" + BODY])
def test_other_units_are_strangers(text: str) -> None:
    assert read_seal(text).author is Author.STRANGER
