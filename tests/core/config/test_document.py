"""Configuration files that cannot be read."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.config import Settings, load_settings
from core.errors import ConfigError

Load = Callable[..., Settings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("library = 'a\n", "line 1: a text has no closing quotation mark."),
        ('library = "a', "line 1: a text has no closing quotation mark."),
        ('\nlibrary = """a\nb', "line 2: a text has no closing quotation mark."),
        ("library = a", "line 1, column 11: there is no value, or text without quotation marks."),
        ("library = 'a\nquiet = 5", "line 1: a text has no closing quotation mark."),
        ("library =", "line 1: there is no value, or text without quotation marks."),
        ("library", "line 1: a '=' is missing after a key."),
        ("\n[inbox", "line 2: a section has no closing ]."),
        ("\n\nx = [1,\n2\n", "line 3: a list has no closing ]."),
        ("x = {a = 1", "line 1: a table has no closing }."),
        ("x = 1\nx = 2\n", "line 2, column 6: this key stands there twice."),
        ("[a]\n[a]", "line 2, column 3: this section stands there twice, or is a key already."),
        ("x = 1 y = 2", "line 1, column 7: something stands behind a complete value or section."),
        ("= 1", "line 1, column 1: this is neither a key nor a [section]."),
        (
            r'x = "C:\Music"',
            r"line 1, column 10: write \\ for a backslash, or put the text in single quotes.",
        ),
    ],
)
def test_a_slip_is_told_with_its_line_in_plain_words(
    load: Load, file: Path, text: str, expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert caught.value.title == f"{file}, {expected}"
    assert "quiet = 5" in caught.value.detail


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder"):
        load_settings(tmp_path, {})


def test_a_pipe_does_not_hang(file: Path) -> None:
    os.mkfifo(file)
    with pytest.raises(ConfigError, match="is no file"):
        load_settings(file, {})


def test_links_in_a_circle_cannot_be_read(file: Path) -> None:
    file.symlink_to(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(file, {})


def test_a_file_that_is_not_utf_8_is_told_with_its_line(file: Path) -> None:
    file.write_bytes("# one\nlibrary = 'Bjö'".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"config\.toml, line 2: this is not UTF-8"):
        load_settings(file, {})
    file.write_bytes("library = 'x'".encode("utf-16"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_settings(file, {})


def test_a_byte_order_mark_and_dos_lines_are_no_trouble(file: Path, home: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf# one\r\n[inbox]\r\nquiet = 9\r\n")
    assert load_settings(file, {"HOME": str(home)}).inbox.quiet == 9


def test_a_huge_file_is_refused(file: Path) -> None:
    file.write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load_settings(file, {})


def test_deep_nesting_is_refused(file: Path) -> None:
    file.write_text("x = " + "[" * 100_000)
    with pytest.raises(ConfigError, match="nested too deeply"):
        load_settings(file, {})


def test_a_number_of_too_many_digits_is_refused(load: Load, file: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml"):
        load(f"[jobs]\nworkers = 1{'0' * 9000}")
    with pytest.raises(ConfigError, match=r"line 2: 'workers' in .jobs. cannot be so large"):
        load(f"[jobs]\nworkers = 0xf{'0' * 9000}")
