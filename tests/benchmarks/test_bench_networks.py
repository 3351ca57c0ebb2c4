"""Model variants from a checkpoint, and the work that a patch is."""

from pathlib import Path

import pytest

from benchmarks.networks import checkpoint_from_environment, multiplications, variants


def test_work_is_counted_layer_by_layer() -> None:
    # One U-Net, T = F = 64, one channel. Maps of 32, 16, 8, 4, 2, 1 bins a side on the way down.
    down = [32**2 * 1 * 16, 16**2 * 16 * 32, 8**2 * 32 * 64, 4**2 * 64 * 128]
    down += [2**2 * 128 * 256, 256 * 512]
    up = [512 * 256, 2**2 * 512 * 128, 4**2 * 256 * 64, 8**2 * 128 * 32, 16**2 * 64 * 16]
    up += [32**2 * 32 * 1]
    last = 64**2 * 16
    assert multiplications(64, 64, 1, 1) == 25 * sum(down + up) + last


def test_work_grows_with_the_patch_and_the_stems() -> None:
    one = multiplications(512, 1024, 2, 1)
    assert multiplications(512, 2048, 2, 1) == 2 * one
    assert multiplications(512, 1024, 2, 4) == 4 * one


def test_without_a_checkpoint_there_is_the_shipped_model_alone() -> None:
    with variants("spleeter-2stems", None) as found:
        assert [variant.name for variant in found] == ["shipped"]
        found[0].entry.verify()


def test_checkpoint_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checkpoint_from_environment() is None
    monkeypatch.setenv("MINUSONE_CHECKPOINT", "/somewhere")
    assert checkpoint_from_environment() == Path("/somewhere")
