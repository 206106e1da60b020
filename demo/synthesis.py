"""Sounds computed from a few sines and some noise: each call gives another of its kind."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

RATE = 16_000
SECONDS = 2.0

Samples = NDArray[np.float32]
Wave = NDArray[np.floating[Any]]
Dice = np.random.Generator

_COUNT = int(RATE * SECONDS)
_TIMES = np.arange(_COUNT) / RATE


def make(kind: str, dice: Dice, *, noise: float = 0.0) -> Samples:
    """Return two seconds of one of the `KINDS`, of any loudness, with background `noise` as a share of it."""
    wave = KINDS[kind](dice)
    loudest = np.abs(wave).max() or 1.0
    wave = wave / loudest * dice.uniform(0.15, 0.9) if kind != "silence" else wave
    background = dice.standard_normal(_COUNT) * max(0.0005, noise * np.abs(wave).std())
    return np.clip(wave + background, -1, 1).astype(np.float32)


def _doorbell(dice: Dice) -> Wave:
    high, gap = dice.uniform(500, 900), dice.uniform(0.3, 0.6)
    start = dice.uniform(0, 0.5)
    return _strike(start, high, dice) + _strike(start + gap, high * dice.uniform(0.72, 0.88), dice)


def _strike(start: float, hertz: float, dice: Dice) -> Wave:
    decay = dice.uniform(2, 5)
    partials = ((1.0, 1.0), (2.76, 0.4), (5.4, 0.2))
    return sum((_ringing(start, hertz * ratio, decay * ratio**0.7, share) for ratio, share in partials), np.zeros(_COUNT))


def _ringing(start: float, hertz: float, decay: float, share: float = 1.0) -> Wave:
    since = np.clip(_TIMES - start, 0, None)
    return share * (start <= _TIMES) * np.exp(-since * decay) * np.sin(2 * np.pi * hertz * since)


def _siren(dice: Dice) -> Wave:
    low = dice.uniform(450, 700)
    high, swings = low * dice.uniform(1.4, 2.2), dice.uniform(0.4, 2.5)
    swing = np.sin(2 * np.pi * (swings * _TIMES + dice.random()))
    if dice.random() < 0.5:  # two tones instead of a wail
        swing = np.sign(swing)
    tone = _sweep((low + high) / 2 + swing * (high - low) / 2)
    return np.tanh(tone * dice.uniform(1, 4))


def _birdsong(dice: Dice) -> Wave:
    wave = np.zeros(_COUNT)
    for start in np.cumsum(dice.uniform(0.12, 0.35, size=12)):
        if start < SECONDS - 0.1:
            begin, end = dice.uniform(2200, 6000, size=2)
            _add(wave, start - 0.1, _chirp(begin, end, dice.uniform(0.04, 0.14)))
    return wave


def _rain(dice: Dice) -> Wave:
    hiss = _band(dice.standard_normal(_COUNT), dice.uniform(400, 900), dice.uniform(5000, 7500))
    drops = np.zeros(_COUNT)
    drops[dice.integers(0, _COUNT, size=dice.integers(40, 300))] = dice.uniform(2, 8)
    return hiss + _band(drops, 800, 6000)


def _heartbeat(dice: Dice) -> Wave:
    wave, beat, deep = np.zeros(_COUNT), 60 / dice.uniform(50, 130), dice.uniform(45, 80)
    for start in np.arange(dice.uniform(0, 0.3), SECONDS, beat):
        wave += _ringing(start, deep, 25) + _ringing(start + beat * 0.33, deep * 1.25, 32, 0.7)
    return wave


def _whistle(dice: Dice) -> Wave:
    hertz = dice.uniform(900, 3000)
    bend = 1 + dice.uniform(-0.1, 0.25) * _TIMES / SECONDS + 0.008 * np.sin(2 * np.pi * dice.uniform(4, 7) * _TIMES)
    breath = _band(dice.standard_normal(_COUNT), hertz * 0.8, min(hertz * 1.25, 7800)) * 0.05
    return (_sweep(hertz * bend) + breath) * _between(dice.uniform(0, 0.5), dice.uniform(1.2, 2.0))


def _drum(dice: Dice) -> Wave:
    wave, beat = np.zeros(_COUNT), dice.uniform(0.2, 0.5)
    skin = dice.uniform(110, 220)
    for number, start in enumerate(np.arange(dice.uniform(0, 0.2), SECONDS, beat)):
        snare = (
            _band(dice.standard_normal(_COUNT), 1000, 7000) * (start <= _TIMES) * np.exp(-np.clip(_TIMES - start, 0, None) * 30)
        )
        wave += _ringing(start, skin, 18, 1.5) + snare * (0.7 if number % 2 else 0.15)
    return wave


def _telephone(dice: Dice) -> Wave:
    wave, length = np.zeros(_COUNT), dice.uniform(0.09, 0.25)
    for start in np.arange(dice.uniform(0, 0.2), SECONDS - length, length * dice.uniform(1.3, 2)):
        row, column = dice.choice([697, 770, 852, 941]), dice.choice([1209, 1336, 1477])
        wave += (np.sin(2 * np.pi * row * _TIMES) + np.sin(2 * np.pi * column * _TIMES)) * _between(start, start + length)
    return wave


def _engine(dice: Dice) -> Wave:
    turns = dice.uniform(35, 110) * (1 + dice.uniform(-0.2, 0.5) * _TIMES / SECONDS)
    phase = np.cumsum(turns) / RATE
    rattle = (2 * (phase % 1) - 1) * (1 + 0.5 * np.sin(2 * np.pi * phase / 2))
    return _band(rattle + 0.2 * dice.standard_normal(_COUNT), 30, dice.uniform(600, 1800))


def _drops(dice: Dice) -> Wave:
    wave = np.zeros(_COUNT)
    for start in np.cumsum(dice.uniform(0.15, 0.6, size=10)):
        if start < SECONDS:
            begin = dice.uniform(400, 1100)
            _add(wave, start - 0.15, _chirp(begin, begin * dice.uniform(1.5, 2.5), dice.uniform(0.03, 0.08)))
    return wave


def _silence(dice: Dice) -> Wave:
    return dice.standard_normal(_COUNT) * 10 ** dice.uniform(-5, -3)


def _sweep(hertz: Wave) -> Wave:
    return np.sin(2 * np.pi * np.cumsum(hertz) / RATE)


def _chirp(begin: float, end: float, seconds: float) -> Wave:
    count = int(seconds * RATE)
    return np.sin(2 * np.pi * np.cumsum(np.linspace(begin, end, count)) / RATE) * np.hanning(count)


def _add(wave: Wave, start: float, piece: Wave) -> None:
    place = max(0, int(start * RATE))
    room = wave[place : place + len(piece)]
    room += piece[: len(room)]


def _between(start: float, end: float) -> Wave:
    """One from `start` to `end`, zero outside, without a click at either."""
    return np.clip(np.minimum(_TIMES - start, end - _TIMES) / 0.01, 0, 1)


def _band(wave: Any, low: float, high: float) -> Wave:
    return np.asarray(sosfilt(butter(2, (low, high), "bandpass", fs=RATE, output="sos"), wave))


KINDS: dict[str, Callable[[Dice], Wave]] = {
    "birdsong": _birdsong,
    "doorbell": _doorbell,
    "drum": _drum,
    "engine": _engine,
    "heartbeat": _heartbeat,
    "rain": _rain,
    "silence": _silence,
    "siren": _siren,
    "telephone": _telephone,
    "water drops": _drops,
    "whistle": _whistle,
}
