"""The pieces pages are made of say what they are given, whoever wrote it."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from registry_ui.web.htmx import wants_fragment
from registry_ui.web.pagination import paginate

HOSTILE = '"><script>alert(1)</script>'


@pytest.mark.parametrize(
    ("kind", "role", "icon"), [("bad", "alert", "M12 9v4"), ("ok", "status", "M9 12l2 2l4 -4"), (None, "status", "M12 9h.01")]
)
def test_an_alert_interrupts_only_when_it_is_bad(kind, role, icon):
    html = render("_alert", kind=kind, title="Logged", text="as sentiment v3")
    assert f'role="{role}"' in html
    assert icon in html
    assert "as sentiment v3" in html


def test_an_alert_folds_its_details_and_offers_the_request_id():
    html = render("_alert", kind="bad", title="It failed", details="line 1\nline 2", request_id="4f6f2a0f")
    assert "<summary>Details</summary><pre>line 1\nline 2</pre>" in html
    assert 'data-copy="4f6f2a0f"' in html


@pytest.mark.parametrize(
    ("name", "context"),
    [
        ("_copy", {"value": HOSTILE, "label": HOSTILE}),
        ("_code", {"code": HOSTILE, "language": "python", "title": HOSTILE}),
        ("_alert", {"title": HOSTILE, "text": HOSTILE, "details": HOSTILE}),
        ("_empty", {"title": HOSTILE, "text": HOSTILE, "action_url": "/x", "action_label": HOSTILE, "icon": "search"}),
    ],
)
def test_no_value_escapes_its_component(name, context):
    assert "<script" not in render(name, **context)


def test_a_copy_button_copies_more_than_it_shows():
    html = render("_copy", value="m-0123456789abcdef", shown="m-01234567", label="model id")
    assert ">m-01234567</code>" in html
    assert 'data-copy="m-0123456789abcdef"' in html
    assert 'aria-label="Copy model id"' in html


def test_one_page_needs_no_page_numbers():
    assert render("_pagination", page=paginate(range(50), 1)).strip() == ""


def test_page_numbers_keep_the_query_and_skip_the_middle():
    request = RequestFactory().get("/models?q=bert&page=9")
    html = render_to_string("components/_pagination.html", {"page": paginate(range(1000), "9")}, request=request)
    assert "401\N{EN DASH}450 of 1,000" in html
    assert 'href="?q=bert&amp;page=10"' in html
    assert re.search(r'page=9" aria-current="page"', html)
    assert re.findall(r">(\d+|…)<", html) == ["1", "…", "8", "9", "10", "…", "20"]


@pytest.mark.parametrize(("asked", "given"), [(None, 1), ("x", 1), ("-3", 20), ("99", 20), ("4", 4)])
def test_a_page_number_that_does_not_exist_leads_to_one_that_does(asked, given):
    assert paginate(range(1000), asked).number == given


@pytest.mark.parametrize(
    ("headers", "fragment"),
    [
        ({}, False),
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Boosted": "true"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_only_a_part_to_swap_in_is_a_fragment(headers, fragment):
    request = RequestFactory().get("/models", headers=headers)
    request.htmx = HtmxDetails(request)
    assert wants_fragment(request) is fragment


def render(name: str, **context: object) -> str:
    return render_to_string(f"components/{name}.html", context)
