"""Manifests of models."""

import hashlib
from pathlib import Path

import pytest

from core.errors import ModelError
from core.separation.manifest import ModelEntry, read_manifest

MANIFEST = """
schema = 1

[[model]]
name = "two"
file = "two.tflite"
sha256 = "{digest}"
licence = "MIT"
attribution = "nobody"
description = "for tests"

[model.spec]
stems = ["vocals", "accompaniment"]
residual = "accompaniment"
rate = 44100
frame = 4096
hop = 1024
frames = 512
bins = 1024
channels = 2

[model.measured]
vocals = 33.5
"""

DATA = b"model"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "two.tflite").write_bytes(DATA)
    path = tmp_path / "manifest.toml"
    digest = hashlib.sha256(DATA).hexdigest()
    path.write_text(MANIFEST.format(digest=digest.upper()), encoding="utf-8")
    return path


def test_entry_is_read_and_its_file_verified(manifest: Path) -> None:
    (entry,) = read_manifest(manifest)
    assert entry.name == "two"
    assert entry.path == manifest.parent / "two.tflite"
    assert entry.spec.stems == ("vocals", "accompaniment")
    assert (entry.spec.frame, entry.spec.hop, entry.spec.frames) == (4096, 1024, 512)
    assert entry.measured == {"vocals": 33.5}
    assert entry.source == {}
    entry.verify()


def test_file_that_differs_or_is_missing_is_refused(manifest: Path) -> None:
    (entry,) = read_manifest(manifest)
    entry.path.write_bytes(b"m0del")
    with pytest.raises(ModelError, match="damaged"):
        entry.verify()
    entry.path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        entry.verify()


KEYS = ("name", "file", "sha256", "licence", "attribution", "description")
SPEC = ("stems", "residual", "rate", "frame", "hop", "frames", "bins", "channels")


@pytest.mark.parametrize("key", [*KEYS, *SPEC])
def test_entry_without_a_key_is_refused(key: str, manifest: Path) -> None:
    lines = manifest.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(f"{key} =")]
    assert len(kept) == len(lines) - 1
    manifest.write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(ModelError, match=key):
        read_manifest(manifest)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("schema = 1", "schema = 2", "schema 2"),
        ("schema = 1", "", "schema None"),
        ("schema = 1", "schema = [", "not valid TOML"),
        ('residual = "accompaniment"', 'residual = "drums"', "'drums'"),
        ("rate = 44100", 'rate = "fast"', "malformed"),
        ("[model.spec]", "[model.other]", "malformed"),
    ],
)
def test_manifest_that_makes_no_sense_is_refused(
    old: str, new: str, said: str, manifest: Path
) -> None:
    text = manifest.read_text(encoding="utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ModelError, match=said):
        read_manifest(manifest)


def test_missing_or_binary_manifest_is_refused(manifest: Path) -> None:
    manifest.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match="not valid TOML"):
        read_manifest(manifest)
    manifest.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        read_manifest(manifest)


def test_bundled_model_is_whole_and_small_enough(bundled: ModelEntry) -> None:
    bundled.verify()
    assert bundled.path.stat().st_size <= 30_000_000
    assert bundled.spec.stems == ("vocals", "accompaniment")
    assert bundled.licence == "MIT"
    assert "Deezer" in bundled.attribution
