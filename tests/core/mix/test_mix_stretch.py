"""Key and tempo: pitch, length, time, attacks, joints."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.audio.waveform import Samples
from core.mix.stretch import stretch, stretched_frames

RATE = 44100
CASES = [(2.0, 1.0), (-4.0, 1.0), (0.0, 0.8), (0.0, 1.25), (3.0, 0.9), (0.5, 1.0)]


@pytest.fixture(scope="module")
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def run(
    executor: ThreadPoolExecutor,
    sound: Samples,
    semitones: float = 0.0,
    tempo: float = 1.0,
    rate: int = RATE,
    formants: bool = False,
) -> Samples:
    position = 0

    def read(frames: int) -> Samples:
        nonlocal position
        position += frames
        return sound[position - frames : position]

    blocks = stretch(
        read,
        len(sound),
        rate,
        tempo=tempo,
        semitones=semitones,
        formants=formants,
        executor=executor,
        ahead=2,
    )
    whole = np.concatenate(list(blocks))
    assert position == len(sound)
    return whole


def tones(seconds: float, *frequencies: float) -> Samples:
    time = np.arange(round(seconds * RATE))[:, None] / RATE
    waves = sum(np.sin(2 * np.pi * f * time + f) for f in frequencies)
    return np.repeat(0.2 * waves, 2, axis=1).astype(np.float32)


def pitch(wave: Samples, near: float) -> float:
    """Return the frequency of the strongest tone, by a parabola through the peak."""
    window = np.hanning(len(wave))
    spectrum = np.log(np.abs(np.fft.rfft(wave * window)) + 1e-12)
    low = round(near * 0.97 * len(wave) / RATE)
    peak = low + int(np.argmax(spectrum[low : round(near * 1.03 * len(wave) / RATE)]))
    left, top, right = spectrum[peak - 1 : peak + 2]
    return float((peak + 0.5 * (left - right) / (left - 2 * top + right)) * RATE / len(wave))


@pytest.mark.parametrize(("semitones", "tempo"), CASES)
@pytest.mark.parametrize("frequency", [110.0, 440.0, 3000.0])
def test_pitches_are_right_within_3_cents(
    executor: ThreadPoolExecutor, semitones: float, tempo: float, frequency: float
) -> None:
    sound = tones(14.0, frequency)
    wanted = frequency * 2 ** (semitones / 12)
    done = run(executor, sound, semitones, tempo)
    found = pitch(done[RATE:-RATE, 0], wanted)
    assert abs(1200 * np.log2(found / wanted)) < 3


@pytest.mark.parametrize(("semitones", "tempo"), [*CASES, (12.0, 0.25), (-12.0, 4.0)])
@pytest.mark.parametrize("seconds", [0.001, 0.5, 8.99, 19.3])
def test_lengths_are_exact(
    executor: ThreadPoolExecutor, semitones: float, tempo: float, seconds: float
) -> None:
    sound = tones(seconds, 440.0)
    done = run(executor, sound, semitones, tempo)
    assert len(done) == stretched_frames(len(sound), tempo)
    assert np.isfinite(done).all()


@pytest.mark.parametrize(("semitones", "tempo"), CASES)
def test_attacks_stay_where_they_belong(
    executor: ThreadPoolExecutor, semitones: float, tempo: float
) -> None:
    seconds = 19.0
    random = np.random.default_rng(2)
    sound = tones(seconds, 220.0, 277.2) * 0.05
    hit = random.standard_normal((400, 1)) * np.exp(-np.arange(400) / 60)[:, None]
    places = np.arange(RATE // 2, len(sound) - RATE // 2, RATE // 2)
    for place in places:
        sound[place : place + 400] += 0.4 * hit.astype(np.float32)
    done = run(executor, sound, semitones, tempo)
    energy = np.convolve(np.square(done[:, 0], dtype=np.float64), np.ones(100), "same")
    for place in places:
        there = round(place / tempo)
        reach = RATE // 10
        found = there - reach + int(np.argmax(energy[there - reach : there + reach]))
        assert abs(found - there) < 0.025 * RATE


def envelope(wave: Samples, size: int) -> Samples:
    count = len(wave) // size
    level: Samples = np.sqrt(np.square(wave[: count * size]).reshape(count, size).mean(axis=1))
    return level


@pytest.mark.parametrize(("semitones", "tempo"), CASES)
def test_joints_do_not_show_in_a_steady_chord(
    executor: ThreadPoolExecutor, semitones: float, tempo: float
) -> None:
    # Joints every 6 s of the input. A chord that never changes hides nothing.
    sound = tones(19.0, 196.0, 246.9, 293.7)
    done = run(executor, sound, semitones, tempo)[RATE:-RATE, 0]
    lowest = 196.0 * 2 ** (semitones / 12)
    level = envelope(done, round(RATE / lowest * 40))
    assert 20 * np.log10(level.max() / level.min()) < 1.5
    # A click would be a step between neighbouring samples larger than the tones make.
    highest = 2 * np.pi * 293.7 * 2 ** (semitones / 12) / RATE
    assert np.abs(np.diff(done)).max() < 0.6 * highest * 1.1


def test_silence_stays_silent(executor: ThreadPoolExecutor) -> None:
    done = run(executor, np.zeros((RATE * 14, 2), np.float32), 2.0, 0.9)
    assert np.abs(done).max() < 1e-6


def test_it_is_deterministic_whatever_runs_when(executor: ThreadPoolExecutor) -> None:
    sound = np.random.default_rng(1).standard_normal((RATE * 20, 2)).astype(np.float32)
    first = run(executor, sound, 2.0, 0.9)
    with ThreadPoolExecutor(1) as alone:
        np.testing.assert_array_equal(run(alone, sound, 2.0, 0.9), first)


def test_channels_do_not_drift_apart(executor: ThreadPoolExecutor) -> None:
    noise = np.random.default_rng(4).standard_normal((RATE * 13, 1)).astype(np.float32)
    done = run(executor, np.repeat(0.1 * noise, 2, axis=1), 3.0, 1.1)
    np.testing.assert_allclose(done[:, 0], done[:, 1], atol=1e-4)


def test_formants_stay_when_they_are_to(executor: ThreadPoolExecutor) -> None:
    # A voice-like sound: harmonics of 150 Hz under a formant at 1 kHz.
    harmonics = 150.0 * np.arange(1, 40)
    time = np.arange(RATE * 4)[:, None] / RATE
    levels = np.exp(-(((harmonics - 1000) / 250) ** 2)) + 0.01
    wave = (0.1 * levels * np.sin(2 * np.pi * harmonics * time)).sum(axis=1, keepdims=True)
    sound = np.repeat(wave, 2, axis=1).astype(np.float32)

    def centre(samples: Samples) -> float:
        power = np.abs(np.fft.rfft(samples[RATE:-RATE, 0])) ** 2
        return float((power * np.arange(len(power))).sum() / power.sum() / 2)

    moved = centre(run(executor, sound, 5.0))
    kept = centre(run(executor, sound, 5.0, formants=True))
    assert moved > 1000 * 2 ** (5 / 12) * 0.93
    assert kept < 1150


def test_an_error_of_the_reader_comes_through(executor: ThreadPoolExecutor) -> None:
    asked = 0

    def read(frames: int) -> Samples:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise OSError("gone")
        return np.zeros((frames, 2), np.float32)

    blocks = stretch(
        read,
        RATE * 40,
        RATE,
        tempo=0.9,
        semitones=0.0,
        formants=False,
        executor=executor,
        ahead=2,
    )
    with pytest.raises(OSError, match="gone"):
        list(blocks)
