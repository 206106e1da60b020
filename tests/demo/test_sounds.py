"""The sounds of the demo: computed, of every kind, never twice the same, and heard as the registry hears files."""

from base64 import b64decode

import numpy as np
import pytest

from demo import sounds
from demo.synthesis import KINDS, RATE, SECONDS, make
from flavor.audio import decode_audio


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_sound_is_two_seconds_and_another_each_time(kind):
    dice = np.random.default_rng(1)
    first, second = make(kind, dice), make(kind, dice, noise=0.5)
    assert len(first) == len(second) == RATE * SECONDS
    assert np.abs([first, second]).max() <= 1
    assert (first != second).any()
    assert (first == make(kind, np.random.default_rng(1))).all()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "silence"])
def test_all_but_silence_can_be_heard(kind):
    assert np.abs(make(kind, np.random.default_rng(1))).max() > 0.1
    assert np.abs(make("silence", np.random.default_rng(1))).max() < 0.01


def test_the_samples_of_the_card_are_small_files_that_are_heard():
    shown = sounds.samples()
    assert [each["example_title"] for each in shown] == list(sounds.SHOWN)
    for each in shown:
        content = b64decode(each["src"].partition(",")[2])
        assert len(content) < 4_000
        assert decode_audio(content, sampling_rate=RATE).seconds == pytest.approx(SECONDS, abs=0.1)


def test_no_held_out_sound_was_trained_on():
    trained, _ = sounds.compose(np.random.default_rng(1), of_each=3)
    held_out, labels = sounds.compose(np.random.default_rng(2), of_each=3)
    assert not any(np.array_equal(one, other) for one in trained for other in held_out)
    assert sorted(labels.tolist()) == sorted([*range(len(KINDS))] * 3)
