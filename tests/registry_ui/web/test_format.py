"""Numbers, times and states read as people write them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template

from registry_ui.jobs.states import State
from registry_ui.web.templatetags import format as formats
from registry_ui.web.templatetags.format import NOTHING


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, NOTHING),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1536, "1.54 kB"),
        (999_600, "1 MB"),
        (17_600_000, "17.6 MB"),
        (268_435_456, "268 MB"),
        (13_500_000_000, "13.5 GB"),
        (2 * 10**15, "2 PB"),
        (5 * 10**18, "5000 PB"),
    ],
)
def test_bytes_have_at_most_three_digits_and_a_unit(size, text):
    assert formats.format_bytes(size) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, NOTHING),
        (0, "0"),
        (1, "1"),
        (9_999, "9,999"),
        (12_345, "12.3k"),
        (999_960, "1M"),
        (66_955_010, "67M"),
        (7_241_732_096, "7.24B"),
    ],
)
def test_counts_are_short_once_they_are_large(value, text):
    assert formats.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, NOTHING),
        (66_955_010, "66,955,010"),
        (2.0, "2"),
        (0.123456, "0.1235"),
        (1234.56, "1,234.6"),
        (1e-9, "1e-09"),
        (1e30, "1e+30"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (True, "True"),
        ("abc", "abc"),
    ],
)
def test_numbers_have_sensible_digits(value, text):
    assert formats.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, NOTHING),
        (0.98765, "0.988"),
        (1.0, "1.000"),
        (0.0, "0.000"),
        (0.99999, ">0.999"),
        (0.00001, "<0.001"),
        (-2.5, "-2.500"),
    ],
)
def test_scores_are_never_rounded_to_certainty_or_nothing(value, text):
    assert formats.score(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "s", NOTHING),
        (0.0042, "s", "4.2 ms"),
        (0.412, "s", "412 ms"),
        (412, "ms", "412 ms"),
        (1420, "ms", "1.4 s"),
        (48.02, "s", "48 s"),
        (59.97, "s", "1 min"),
        (125, "s", "2 min 5 s"),
        (3600, "s", "1 h"),
        (3780, "s", "1 h 3 min"),
        (200_000, "s", "2 d 7 h"),
        (timedelta(seconds=90), "s", "1 min 30 s"),
    ],
)
def test_durations_name_the_two_largest_units(value, unit, text):
    assert formats.duration(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2, "just now"),
        (42, "42 s ago"),
        (190, "3 min ago"),
        (7300, "2 h ago"),
        (3 * 86400, "3 d ago"),
        (-90, "in 1 min"),
    ],
)
def test_moments_are_relative_and_exact_on_hover(monkeypatch, seconds, text):
    now = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(formats.timezone, "now", lambda: now)
    html = formats.ago(now - timedelta(seconds=seconds))
    assert f">{text}</time>" in html
    assert 'title="2026-' in html
    assert "UTC" in html


def test_a_moment_long_ago_is_a_date(monkeypatch):
    now = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(formats.timezone, "now", lambda: now)
    assert ">2025-12-24</time>" in formats.ago(datetime(2025, 12, 24, 8, 0, tzinfo=UTC))
    assert formats.ago(None) == NOTHING


def test_ids_are_cut_to_what_tells_them_apart():
    assert formats.short_id("8d3e2f10-1111-2222-3333-444455556666") == "8d3e2f10"
    assert formats.short_id("m-0123456789abcdef") == "m-01234567"
    assert formats.short_id(None) == ""


@pytest.mark.parametrize("state", State.values)
def test_every_state_of_a_job_has_a_word_an_icon_and_a_tone(state):
    html = render("{% state_badge state %}", state=State(state))
    assert State(state).value.replace("_", " ").capitalize() in html
    assert "<svg" in html
    assert "badge-" in html


def test_an_unknown_state_is_shown_by_its_own_word_and_escaped():
    assert "Half &lt;b&gt;done" in render("{% state_badge state %}", state="half_<b>done")


def test_an_icon_beside_a_word_is_hidden_from_screen_readers_and_a_lone_one_is_named():
    assert 'aria-hidden="true"' in render('{% icon "search" %}')
    assert 'aria-label="Find &quot;x&quot;"' in render('{% icon "search" label=label %}', label='Find "x"')


def test_a_missing_icon_says_which_file_to_add():
    with pytest.raises(LookupError, match=r"icons/no-such-icon\.svg"):
        render('{% icon "no-such-icon" %}')


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))
