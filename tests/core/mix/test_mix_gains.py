"""Levels, pans, fades and faders."""

import math

import numpy as np
import pytest

from core.mix.gains import Fader, Fades, decibels, factor, pan_factors


def test_a_centred_stem_is_untouched_and_power_is_constant() -> None:
    assert pan_factors(0.0) == (1.0, 1.0)
    for pan in np.linspace(-1, 1, 21):
        left, right = pan_factors(float(pan))
        assert left**2 + right**2 == pytest.approx(2)
    assert pan_factors(-1.0)[1] == pytest.approx(0, abs=1e-12)
    assert pan_factors(1.0)[0] == pytest.approx(0, abs=1e-12)


def test_gains_and_factors_are_each_other_s_opposites() -> None:
    assert factor(-math.inf) == 0
    assert decibels(0) == -math.inf
    assert decibels(factor(-18.0)) == pytest.approx(-18)


@pytest.mark.parametrize("size", [1, 100, 441, 1000, 4096])
def test_a_moved_fader_makes_no_step(size: int) -> None:
    fader = Fader(44100)
    ones = np.ones((8192, 2), np.float32)
    before = fader.process(ones[:size])
    fader.move(0.0, 0.5)
    after = [fader.process(ones[first : first + size]) for first in range(0, len(ones), size)]
    whole = np.concatenate([before, *after])
    assert np.abs(np.diff(whole, axis=0)).max() < 0.002
    assert whole[-1] == pytest.approx([0.0, 0.5])
    assert (ones == 1).all()


def test_a_fader_at_rest_hands_blocks_through() -> None:
    block = np.ones((10, 2), np.float32)
    assert Fader(44100).process(block) is block


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_fades_begin_and_end_in_silence_however_the_stream_is_cut(size: int) -> None:
    fades = Fades(900, 100, 300)
    ones = np.ones((1000, 1), np.float32)
    whole = np.concatenate(
        [fades.process(ones[first : first + size]) for first in range(0, 1000, size)]
    )[:, 0]
    assert whole[0] < 0.01
    assert (np.diff(whole[:101]) >= 0).all()
    assert (whole[100:600] == 1).all()
    assert (np.diff(whole[600:900]) <= 0).all()
    assert whole[899] < 0.01
    assert np.abs(whole[900:]).max() < 0.01
    assert (ones == 1).all()
