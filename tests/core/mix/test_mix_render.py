"""Whole mixes, from files to samples."""

import itertools
import math
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.audio.waveform import Samples
from core.errors import AudioError, UsageError
from core.mix import spool as spool_module
from core.mix.effects import Effect
from core.mix.presets import PRESETS
from core.mix.progress import MixProgress, MixStage
from core.mix.render import render_blocks
from core.mix.settings import Mix, StemMix

RATE = 44100


def write_stems(folder: Path, seconds: float = 3.0, level: float = 0.25) -> dict[str, Path]:
    """Write a voice, drums and a chord; their sum stays below full scale."""
    random = np.random.default_rng(11)
    frames = round(seconds * RATE)
    time = np.arange(frames)[:, None] / RATE
    sides = np.array([[1.0, 0.8]])
    beat = np.exp(-((time % 0.5) * 25))
    sounds = {
        "vocals": np.sin(2 * np.pi * 330 * time + 3 * np.sin(2 * np.pi * 5 * time)) * sides,
        "drums": random.standard_normal((frames, 2)) * beat * 0.4,
        "other": sum(np.sin(2 * np.pi * f * time) for f in (110, 220.5, 277)) / 3 * sides[:, ::-1],
    }
    paths = {}
    for name, sound in sounds.items():
        paths[name] = folder / f"{name}.flac"
        soundfile.write(paths[name], (level * sound).astype(np.float32), RATE, subtype="PCM_16")
    return paths


@pytest.fixture(scope="module")
def stems(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_stems(tmp_path_factory.mktemp("stems"))


def original(stems: dict[str, Path]) -> Samples:
    return np.sum(
        [soundfile.read(path, dtype="float32", always_2d=True)[0] for path in stems.values()],
        axis=0,
        dtype=np.float32,
    )


def render(stems: dict[str, Path], mix: Mix, quality: str = "best") -> Samples:
    with render_blocks(stems, mix, quality=quality) as rendering:
        whole = np.concatenate(list(rendering))
        assert whole.shape == (rendering.frames, rendering.channels)
        assert whole.dtype == np.float32
        return whole


def test_all_stems_as_they_are_make_the_original(stems: dict[str, Path]) -> None:
    np.testing.assert_allclose(render(stems, Mix()), original(stems), atol=1e-7)


def test_the_original_is_not_limited_even_at_full_scale(tmp_path: Path) -> None:
    loud = write_stems(tmp_path, 1.0, level=0.5)
    whole = render(loud, Mix())
    assert np.abs(whole).max() > 0.9
    np.testing.assert_allclose(whole, original(loud), atol=1e-7)


def test_nothing_clips_inside(stems: dict[str, Path]) -> None:
    mix = Mix(stems={name: StemMix(gain=24.0) for name in stems}, limiter=False)
    whole = render(stems, mix)
    assert np.abs(whole).max() > 5
    np.testing.assert_allclose(whole, original(stems) * 10**1.2, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("quality", ["best", "draft"])
def test_every_preset_renders_to_its_announced_length(
    stems: dict[str, Path], preset: str, quality: str
) -> None:
    whole = render(stems, PRESETS[preset].mix, quality)
    assert np.isfinite(whole).all()
    assert np.abs(whole).max() <= 1
    assert whole.std() > 0.01


def test_a_mix_is_deterministic(stems: dict[str, Path]) -> None:
    mix = replace(PRESETS["slowed"].mix, key=2, tempo=90.0)
    np.testing.assert_array_equal(render(stems, mix), render(stems, mix))


def test_mute_solo_gain_and_pan(stems: dict[str, Path]) -> None:
    voice, _ = soundfile.read(stems["vocals"], dtype="float32")
    plain = Mix(limiter=False)
    np.testing.assert_array_equal(render(stems, plain.with_stem("vocals", solo=True)), voice)
    muted = render(stems, plain.with_stem("vocals", mute=True))
    np.testing.assert_allclose(muted + voice, original(stems), atol=1e-6)
    softer = render(stems, plain.with_stem("vocals", solo=True, gain=-18.0))
    np.testing.assert_allclose(softer, voice * 10 ** (-0.9), atol=1e-6)
    aside = render(stems, plain.with_stem("vocals", solo=True, pan=1.0))
    np.testing.assert_allclose(aside, voice * [0, math.sqrt(2)], atol=1e-6)


@pytest.mark.parametrize("target", [-16.0, -23.0])
def test_loudness_and_true_peak_as_ffmpeg_measures_them(
    stems: dict[str, Path], target: float, ffmpeg: Callable[[str], str], tmp_path: Path
) -> None:
    mix = replace(PRESETS["karaoke"].mix, loudness=target)
    with render_blocks(stems, mix) as rendering:
        whole = np.concatenate(list(rendering))
        assert rendering.loudness == pytest.approx(target, abs=0.1)
    path = tmp_path / "mix.wav"
    soundfile.write(path, whole, RATE, subtype="FLOAT")
    command = [ffmpeg("ffmpeg"), "-nostats", "-i", path, "-af", "ebur128=peak=true", "-f", "null"]
    said = subprocess.run([*command, "-"], capture_output=True, text=True, check=True).stderr
    assert float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1]) == pytest.approx(target, abs=0.2)
    assert float(re.findall(r"Peak:\s+(-?[\d.]+) dBFS", said)[-1]) <= -1.5


def test_a_loud_target_is_reached_through_the_limiter(stems: dict[str, Path]) -> None:
    mix = Mix(stems={"vocals": StemMix(mute=True)}, loudness=-10.0)
    with render_blocks(stems, mix) as rendering:
        whole = np.concatenate(list(rendering))
    assert rendering.reduction > 2
    assert rendering.loudness == pytest.approx(-10.0, abs=0.3)
    assert np.abs(whole).max() <= 10 ** (-1.5 / 20)


def test_silence_is_not_made_loud(tmp_path: Path) -> None:
    path = tmp_path / "vocals.flac"
    soundfile.write(path, np.zeros((RATE, 2)), RATE)
    assert not render({"vocals": path}, Mix(loudness=-16.0)).any()


def test_only_the_key_changes_and_the_drums_stay(stems: dict[str, Path]) -> None:
    drums, _ = soundfile.read(stems["drums"], dtype="float32")
    solo = Mix(key=5, limiter=False).with_stem("drums", solo=True)
    np.testing.assert_allclose(render(stems, solo), drums, atol=1e-7)
    slower = render(stems, replace(solo, tempo=80.0))
    assert len(slower) == round(len(drums) / 0.8)


@pytest.mark.parametrize(
    ("mix", "seconds"),
    [
        (Mix(tempo=80.0), 3.75),
        (Mix(speed=125.0), 2.4),
        (Mix(tempo=80.0, speed=125.0, key=-3), 3.0),
        (Mix(start=0.5, end=2.0), 1.5),
        (Mix(start=2.5, end=99.0), 0.5),
        (Mix(end=2.0, effects=(Effect("reverb"),)), 2.0),
        (Mix(fade_out=1.0, effects=(Effect("reverb"),)), 3.0),
    ],
)
def test_lengths_are_exact_to_the_sample(stems: dict[str, Path], mix: Mix, seconds: float) -> None:
    assert len(render(stems, mix)) == round(seconds * RATE)


def test_tails_ring_out_unless_there_is_an_end(stems: dict[str, Path]) -> None:
    ringing = Mix(limiter=False, effects=(Effect("reverb", {"room": 70.0, "wet": 60.0}),))
    whole = render(stems, ringing)
    tail = whole[3 * RATE :]
    assert len(tail) > RATE
    assert np.abs(tail[: RATE // 10]).max() > 0.01
    assert np.abs(tail[-RATE // 10 :]).max() < 2e-3


def test_speed_changes_the_pitch_with_the_tempo(stems: dict[str, Path]) -> None:
    whole = render(stems, Mix(speed=200.0, limiter=False).with_stem("other", solo=True))
    spectrum = np.abs(np.fft.rfft(whole[:, 0] * np.hanning(len(whole))))
    assert np.argmax(spectrum) * RATE / len(whole) == pytest.approx(220, abs=2)


def test_a_piece_begins_exactly_where_it_should(stems: dict[str, Path]) -> None:
    piece = render(stems, Mix(start=1.0, end=2.0))
    whole = original(stems)[RATE : 2 * RATE]
    edge = round(0.01 * RATE)
    np.testing.assert_allclose(piece[edge:-edge], whole[edge:-edge], atol=1e-7)
    # No click: the cut is a ramp.
    assert np.abs(piece[[0, -1]]).max() < 0.01


def test_fades_begin_and_end_in_silence(stems: dict[str, Path]) -> None:
    faded = render(stems, Mix(fade_in=0.5, fade_out=1.0))
    plain = original(stems)
    assert np.abs(faded[:20]).max() < 0.01
    assert np.abs(faded[-20:]).max() < 0.01
    middle = slice(RATE, 2 * RATE - 1)
    np.testing.assert_allclose(faded[middle], plain[middle], atol=1e-7)


def test_effects_of_a_stem_touch_no_other(stems: dict[str, Path]) -> None:
    effect = Effect("high_shelf", {"gain": -12.0})
    mix = Mix(limiter=False).with_stem("drums", effects=(effect,))
    changed = render(stems, mix) - original(stems)
    drums, _ = soundfile.read(stems["drums"], dtype="float32")
    alone = render(stems, mix.with_stem("drums", solo=True)) - drums
    np.testing.assert_allclose(changed, alone, atol=1e-6)
    assert np.abs(alone).max() > 0.01


def test_stems_of_other_rates_lengths_and_channels_fit_together(tmp_path: Path) -> None:
    time = np.arange(2 * 48000) / 48000
    tone = 0.2 * np.sin(2 * np.pi * 440 * time)
    soundfile.write(tmp_path / "a.wav", np.stack([tone, tone], 1), 48000, subtype="FLOAT")
    short = 0.2 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
    soundfile.write(tmp_path / "b.wav", short, 44100, subtype="FLOAT")
    paths = {"a": tmp_path / "a.wav", "b": tmp_path / "b.wav"}
    with render_blocks(paths, Mix()) as rendering:
        assert (rendering.rate, rendering.channels, rendering.frames) == (48000, 2, 96000)
        assert "1.0 s shorter" in rendering.warnings[0]
        whole = np.concatenate(list(rendering))
    inner = slice(2000, 46000)
    np.testing.assert_allclose(whole[inner, 1], 2 * tone[inner], atol=1e-3)
    np.testing.assert_allclose(whole[48000:, 0], tone[48000:], atol=1e-6)


def test_one_channel_stays_one_until_something_widens_it(tmp_path: Path) -> None:
    path = tmp_path / "vocals.wav"
    soundfile.write(path, np.zeros(RATE), RATE)
    for mix, channels in (
        (Mix(), 1),
        (Mix(key=1), 1),
        (Mix(stems={"vocals": StemMix(pan=0.5)}), 2),
        (Mix(effects=(Effect("reverb"),)), 2),
    ):
        assert render({"vocals": path}, mix).shape[1] == channels


def test_nothing_to_hear_is_refused(stems: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="muted"):
        render_blocks(stems, Mix(stems={name: StemMix(mute=True) for name in stems}))
    with pytest.raises(UsageError):
        render_blocks({}, Mix())
    with pytest.raises(UsageError, match="behind"):
        render_blocks(stems, Mix(start=3.0))
    with pytest.raises(UsageError, match="vocals"):
        render_blocks(stems, Mix(stems={"vocal": StemMix(mute=True)}))
    with pytest.raises(AudioError, match="gone"):
        render_blocks({"gone": Path("gone.flac")}, Mix())


def test_progress_rises_to_one(stems: dict[str, Path]) -> None:
    reports: list[MixProgress] = []
    with render_blocks(stems, PRESETS["karaoke"].mix, progress=reports.append) as rendering:
        for _ in rendering:
            pass
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert [stage for stage, _ in itertools.groupby(report.stage for report in reports)] == [
        MixStage.MEASURING,
        MixStage.RENDERING,
    ]


@pytest.mark.parametrize("mix", [PRESETS["karaoke"].mix, PRESETS["practice"].mix, Mix(key=1)])
def test_an_exception_of_progress_ends_it_and_leaves_nothing(
    stems: dict[str, Path], tmp_path: Path, mix: Mix
) -> None:
    class StoppedError(Exception):
        pass

    def stop(_: MixProgress) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        list(render_blocks(stems, mix, progress=stop, scratch=tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_rendering_may_be_left_half_way(stems: dict[str, Path], tmp_path: Path) -> None:
    with render_blocks(stems, Mix(tempo=90.0, loudness=-16.0), scratch=tmp_path) as rendering:
        next(rendering)
    assert not list(tmp_path.iterdir())
    assert not list(rendering)


def test_without_room_on_the_disk_it_is_rendered_twice(
    stems: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    mix = PRESETS["karaoke"].mix
    spooled = render(stems, mix)
    monkeypatch.setattr(spool_module, "_RESERVE", 1 << 60)
    with render_blocks(stems, mix) as rendering:
        np.testing.assert_allclose(np.concatenate(list(rendering)), spooled, atol=0.02)


def test_a_draft_is_about_as_loud_as_the_mix(stems: dict[str, Path]) -> None:
    with render_blocks(stems, PRESETS["karaoke"].mix, quality="draft") as rendering:
        draft = np.concatenate(list(rendering))
    best = render(stems, PRESETS["karaoke"].mix)
    assert 20 * math.log10(draft.std() / best.std()) == pytest.approx(0, abs=1.5)
