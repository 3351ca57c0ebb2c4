"""A drum kit: each drum one function, each hit a mono sound at about full scale."""

import numpy as np

from demo_song.effects import (
    RATE,
    Sound,
    add,
    filtered,
    high_pass,
    low_pass,
    panned,
    peak,
    seconds_axis,
    silence,
)

FORCE = {"x": 1.0, "o": 0.5, ".": 0.0}
"""How hard a character of the pattern hits, linear."""

TOMS = {12: (131.0, -0.1), 13: (123.0, 0.1), 14: (110.0, 0.3), 15: (98.0, 0.4)}
"""Sixteenth of the bar to pitch (Hz) and place of the tom that a fill has reached by then."""

HIGH_TOM = (147.0, -0.3)

METAL = (2.0, 3.0, 4.16, 5.43, 6.79, 8.21)
"""Ratios of the partials of a struck plate: no two of them make a chord."""


def kick() -> Sound:
    """A falling sine (160 to 50 Hz) with a click of the beater."""
    time = seconds_axis(0.35)
    hertz = 50.0 + 110.0 * np.exp(-time / 0.025)
    body = np.sin(2.0 * np.pi * np.cumsum(hertz) / RATE) * np.exp(-time / 0.11)
    click = np.sin(2.0 * np.pi * 1800.0 * time) * np.exp(-time / 0.004)
    return (body + 0.25 * click) * np.clip(time / 0.001, 0.0, 1.0)


def snare(rng: np.random.Generator) -> Sound:
    """Two modes of the head, and the wires' noise."""
    time = seconds_axis(0.3)
    head = np.sin(2.0 * np.pi * 188.0 * time) + 0.6 * np.sin(2.0 * np.pi * 331.0 * time)
    wires = filtered(rng.standard_normal(len(time)), high_pass(1200.0), low_pass(6500.0, 2))
    return 0.55 * head * np.exp(-time / 0.05) + 0.6 * wires * np.exp(-time / 0.075)


def hat(rng: np.random.Generator, ring: float) -> Sound:
    """Noise and metal partials that die within about `ring` s."""
    time = seconds_axis(6.0 * ring)
    metal = sum(np.sign(np.sin(2.0 * np.pi * 431.0 * ratio * time)) for ratio in METAL)
    raw = 0.15 * metal + rng.standard_normal(len(time))
    return 0.7 * filtered(raw, high_pass(6500.0, 2), low_pass(11000.0, 2)) * np.exp(-time / ring)


def crash(rng: np.random.Generator) -> Sound:
    """A long, bright noise that loses its top first."""
    time = seconds_axis(1.8)
    noise = rng.standard_normal(len(time))
    low = filtered(noise, high_pass(1800.0), low_pass(5000.0)) * np.exp(-time / 0.5)
    high = filtered(noise, high_pass(5000.0, 2), low_pass(11000.0, 2)) * np.exp(-time / 0.25)
    return 0.35 * (low + 1.4 * high) * np.clip(time / 0.003, 0.0, 1.0)


def tom(hertz: float) -> Sound:
    """A drum head tuned to `hertz` that sags a little as it decays."""
    time = seconds_axis(0.4)
    sweep = hertz * (1.0 + 0.35 * np.exp(-time / 0.05))
    body = np.sin(2.0 * np.pi * np.cumsum(sweep) / RATE) * np.exp(-time / 0.13)
    return filtered(body, peak(2.6 * hertz, hertz, 1.8)) * np.clip(time / 0.002, 0.0, 1.0)


def drum_track(
    bars: tuple[tuple[str, str, str, str], ...],
    crashes: tuple[float, ...],
    beat: float,
    seconds: float,
    rng: np.random.Generator,
) -> Sound:
    """The kit playing its pattern, stereo.

    Parameters
    ----------
    bars
        Per bar the sixteenths of kick, snare, hat and tom: ``x`` loud, ``o`` soft, ``.`` nothing.
    crashes
        Beats of the crash cymbal.
    beat, seconds
        Length of a beat and of the track in s.
    rng
        Source of the noises and of the drummer's small unevenness.
    """
    track = silence(seconds)
    for bar, (kicks, snares, hats, fills) in enumerate(bars):
        for step in range(16):
            when = (4 * bar + step / 4) * beat + rng.normal(0.0, 0.003)
            touch = rng.uniform(0.9, 1.05)
            if FORCE[kicks[step]]:
                add(track, panned(kick() * touch * FORCE[kicks[step]], 0.0), when)
            if FORCE[snares[step]]:
                # A run of sixteenths alternates hands: the off hand is the weaker one.
                hand = 0.7 if step % 2 else 1.0
                sound = 0.8 * hand * snare(rng)
                add(track, panned(sound * touch * FORCE[snares[step]], -0.06), when)
            if FORCE[hats[step]]:
                sound = hat(rng, 0.11 if step == 14 else 0.03)
                add(track, panned(0.22 * sound * touch * FORCE[hats[step]], -0.3), when)
            if FORCE[fills[step]]:
                hertz, place = TOMS.get(step, HIGH_TOM)
                add(track, panned(0.8 * tom(hertz) * touch, place), when)
    for when in crashes:
        add(track, panned(0.6 * crash(rng), 0.3), when * beat)
    return track
