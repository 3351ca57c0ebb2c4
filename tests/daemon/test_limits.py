"""What is said when the kernel's limits are reached."""

import contextlib
import errno
import os
import resource
from pathlib import Path

import pytest

from daemon.limits import limit_reached


@pytest.mark.parametrize(
    ("number", "name"), [(errno.ENOSPC, "max_user_watches"), (errno.EMFILE, "max_user_instances")]
)
def test_text_names_the_setting_its_value_and_the_command(
    tmp_path: Path, number: int, name: str
) -> None:
    (tmp_path / name).write_text("100000\n")
    text = limit_reached(OSError(number, "no"), tmp_path)
    assert f"fs.inotify.{name} (100000) is reached" in text
    assert text.endswith(f"sudo sysctl -w fs.inotify.{name}=400000")
    assert "/etc/sysctl.d/" in text


def test_too_many_open_files_of_this_process_have_another_cure() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
        with contextlib.suppress(OSError):
            while True:
                opened.append(os.open("/", os.O_PATH))
        text = limit_reached(OSError(errno.EMFILE, "no"))
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "(200)" in text
    assert "LimitNOFILE" in text


def test_other_failures_are_named() -> None:
    assert "Function not implemented" in limit_reached(OSError(38, "Function not implemented"))
