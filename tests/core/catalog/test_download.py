"""A transfer survives what networks do, and never takes one file's bytes for another's."""

import hashlib
import random
import resource
import socket
from pathlib import Path

import pytest

from core.catalog.download import Patience, fetch, fetch_text, forget
from core.errors import ModelError

QUICK = Patience(attempts=3, timeout=5.0, pause=0.001)
BODY = random.Random(1).randbytes(3_000_000)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "4stems.tar.gz.part"


@pytest.fixture
def url(mirror) -> str:
    mirror.files["/4stems.tar.gz"] = BODY
    return f"{mirror.url}/4stems.tar.gz"


def same(path: Path, body: bytes = BODY) -> bool:
    return hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(body).digest()


def test_file_arrives_whole_with_progress(mirror, url: str, target: Path) -> None:
    seen = []
    kept = fetch(url, target, report=lambda done, total: seen.append((done, total)), patience=QUICK)
    assert not kept
    assert same(target)
    assert seen[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(mirror.log) == 1


def test_dropped_connection_goes_on_where_it_was(mirror, url: str, target: Path) -> None:
    mirror.cuts = [1_200_000]
    fetch(url, target, patience=QUICK)
    assert same(target)
    first, second = mirror.log
    assert first.range is None
    assert (second.range, second.status) == ("bytes=1200000-", 206)
    assert first.sent + second.sent == len(BODY)


def test_connection_that_drops_often_but_brings_much_is_not_given_up(
    mirror, url: str, target: Path
) -> None:
    body = BODY * 3
    mirror.files["/4stems.tar.gz"] = body
    mirror.cuts = [1 << 20] * 8
    fetch(url, target, patience=Patience(attempts=2, timeout=5.0, pause=0.001))
    assert same(target, body)
    assert len(mirror.log) == 9


def test_second_call_goes_on_where_the_first_gave_up(mirror, url: str, target: Path) -> None:
    mirror.cuts = [500_000, 0, 0]
    with pytest.raises(ModelError, match="could not be fetched"):
        fetch(url, target, patience=QUICK)
    assert fetch(url, target, patience=QUICK) is True
    assert same(target)
    assert mirror.log[-1].range == "bytes=500000-"
    assert sum(exchange.sent for exchange in mirror.log) == len(BODY)


def test_whole_file_is_not_fetched_again(mirror, url: str, target: Path) -> None:
    fetch(url, target, patience=QUICK)
    assert fetch(url, target, patience=QUICK) is True
    assert len(mirror.log) == 1


@pytest.mark.parametrize("etag", ['"one"', 'W/"one"', None], ids=["strong", "weak", "none"])
def test_every_kind_of_version_tag_resumes(mirror, url: str, target: Path, etag) -> None:
    mirror.etag = etag
    mirror.cuts = [1_000_000]
    fetch(url, target, patience=QUICK)
    assert same(target)
    assert sum(exchange.sent for exchange in mirror.log) == len(BODY)


def test_file_behind_a_redirection_resumes_like_any_other(mirror, url: str, target: Path) -> None:
    mirror.moved["/release/4stems.tar.gz"] = "/4stems.tar.gz"
    mirror.cuts = [1_000_000]
    fetch(f"{mirror.url}/release/4stems.tar.gz", target, patience=QUICK)
    assert same(target)
    assert [exchange.status for exchange in mirror.log] == [302, 200, 302, 206]


def test_server_without_ranges_starts_again(mirror, url: str, target: Path) -> None:
    mirror.ranges = False
    mirror.cuts = [1_200_000]
    fetch(url, target, patience=QUICK)
    assert same(target)
    assert [exchange.status for exchange in mirror.log] == [200, 200]


@pytest.mark.parametrize("etags", [('"one"', '"two"'), ('W/"one"', 'W/"two"')])
def test_file_that_changed_meanwhile_starts_again(mirror, url: str, target: Path, etags) -> None:
    mirror.etag = etags[0]
    mirror.cuts = [1_200_000, 0, 0]
    with pytest.raises(ModelError):
        fetch(url, target, patience=QUICK)
    other = BODY[::-1]
    mirror.files["/4stems.tar.gz"] = other
    mirror.etag = etags[1]
    fetch(url, target, patience=QUICK)
    assert same(target, other)


def test_file_that_shrank_meanwhile_starts_again(mirror, url: str, target: Path) -> None:
    mirror.etag = None
    mirror.cuts = [2_000_000, 0, 0]
    with pytest.raises(ModelError):
        fetch(url, target, patience=QUICK)
    mirror.files["/4stems.tar.gz"] = BODY[:1_000_000]
    fetch(url, target, patience=QUICK)
    assert same(target, BODY[:1_000_000])
    assert 416 in [exchange.status for exchange in mirror.log]


def test_bytes_of_another_address_are_not_kept(mirror, url: str, target: Path) -> None:
    mirror.cuts = [1_000_000, 0, 0]
    with pytest.raises(ModelError):
        fetch(url, target, patience=QUICK)
    other = BODY[::-1]
    mirror.files["/other/4stems.tar.gz"] = other
    assert fetch(f"{mirror.url}/other/4stems.tar.gz", target, patience=QUICK) is False
    assert same(target, other)


def test_partial_file_without_its_note_is_not_kept(mirror, url: str, target: Path) -> None:
    target.write_bytes(b"anything")
    assert fetch(url, target, patience=QUICK) is False
    assert same(target)


def test_forgotten_transfer_leaves_nothing(mirror, url: str, target: Path) -> None:
    fetch(url, target, patience=QUICK)
    forget(target)
    assert list(target.parent.iterdir()) == []


def test_busy_server_is_asked_again(mirror, url: str, target: Path) -> None:
    mirror.errors = [503, 500]
    fetch(url, target, patience=QUICK)
    assert [exchange.status for exchange in mirror.log] == [503, 500, 200]


def test_broken_server_is_given_up(mirror, url: str, target: Path) -> None:
    mirror.errors = [500] * 10
    with pytest.raises(ModelError, match="could not be fetched") as error:
        fetch(url, target, patience=QUICK)
    assert url in error.value.title
    assert len(mirror.log) == QUICK.attempts


def test_missing_file_is_told_at_once(mirror, target: Path) -> None:
    with pytest.raises(ModelError, match="HTTP 404"):
        fetch(f"{mirror.url}/nothing", target, patience=QUICK)
    assert len(mirror.log) == 1
    assert not target.exists()


def test_silent_server_is_given_up(mirror, url: str, target: Path) -> None:
    mirror.hold_after = 1000
    with pytest.raises(ModelError, match="timed out"):
        fetch(url, target, patience=Patience(attempts=1, timeout=0.1, pause=0.0))
    assert mirror.held.is_set()


def test_no_network_names_the_address_and_the_way_without(target: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/4stems.tar.gz"
        with pytest.raises(ModelError) as error:
            fetch(url, target, patience=QUICK)
    assert url in error.value.title
    assert "--from FILE.tar.gz" in error.value.detail


def test_disk_that_takes_no_more_is_told_and_the_rest_can_follow(
    mirror, url: str, target: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(ModelError, match="cannot be stored") as error:
            fetch(url, target, patience=QUICK)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(target.parent) in error.value.title
    assert len(mirror.log) == 1
    fetch(url, target, patience=QUICK)
    assert mirror.log[-1].range == "bytes=1000000-"
    assert same(target)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "no address"])
def test_only_http_is_spoken(url: str, target: Path) -> None:
    with pytest.raises(ModelError, match="http://"):
        fetch(url, target, patience=QUICK)


def test_text_arrives(mirror) -> None:
    mirror.files["/checksum.json"] = '{"größe": 1}'.encode()
    assert fetch_text(f"{mirror.url}/checksum.json", patience=QUICK) == '{"größe": 1}'


@pytest.mark.parametrize(("body", "word"), [(bytes(70_000), "larger"), (b"\xff\xfe", "no.*text")])
def test_text_that_is_none_is_refused(mirror, body: bytes, word: str) -> None:
    mirror.files["/checksum.json"] = body
    with pytest.raises(ModelError, match=word):
        fetch_text(f"{mirror.url}/checksum.json", patience=QUICK)
