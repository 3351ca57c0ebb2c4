"""Remembering which backend was faster."""

from pathlib import Path

import pytest

from core.separation.verdicts import recall_verdict, remember_verdict, verdicts_dir


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "new" / "cache"
    monkeypatch.setenv("MINUSONE_CACHE_DIR", str(folder))
    return folder


def test_verdict_is_recalled_for_its_key_only() -> None:
    assert recall_verdict("model A, driver 1") is None
    remember_verdict("model A, driver 1", "gpu")
    remember_verdict("model B, driver 1", "cpu")
    assert recall_verdict("model A, driver 1") == "gpu"
    assert recall_verdict("model B, driver 1") == "cpu"
    assert recall_verdict("model A, driver 2") is None


def test_verdict_can_change() -> None:
    remember_verdict("key", "gpu")
    remember_verdict("key", "cpu")
    assert recall_verdict("key") == "cpu"
    assert len(list(verdicts_dir().iterdir())) == 1  # Nothing is left beside it.


def test_verdict_of_another_host_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    # A home folder may be shared by machines with different graphics.
    remember_verdict("key", "gpu")
    monkeypatch.setattr("platform.node", lambda: "another-host")
    assert recall_verdict("key") is None


def test_cache_is_where_it_is_wanted(cache: Path) -> None:
    remember_verdict("key", "cpu")
    assert verdicts_dir() == cache / "backends"
    assert [path.is_file() for path in verdicts_dir().iterdir()] == [True]


def test_cache_that_cannot_be_written_is_no_error(cache: Path) -> None:
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder should be")
    remember_verdict("key", "cpu")
    assert recall_verdict("key") is None


def test_damaged_verdict_counts_as_none() -> None:
    remember_verdict("key", "cpu")
    (file,) = verdicts_dir().iterdir()
    file.write_bytes(b"\xff\xfe\xff")
    assert recall_verdict("key") is None
    file.write_bytes(b"")
    assert recall_verdict("key") is None
