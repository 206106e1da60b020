"""The frame around every page: where one can go, where one is, and how it looks."""

import re

import pytest
from django.urls import NoReverseMatch, reverse

pytestmark = [pytest.mark.urls("tests.registry_ui.web.urls"), pytest.mark.django_db]


def test_the_rail_leads_to_pages_that_exist(client_alice):
    links = re.findall(r'class="rail-link" href="([^"]+)"', page(client_alice))
    assert links
    assert set(links) <= {
        reverse(name)
        for name in existing("catalog:model_list playground:index catalog:compare jobs:list predictions:workers jobs:log_model")
    }


def test_the_rail_says_where_one_is(client_alice):
    here = reverse("jobs:list")
    current = re.findall(r'href="([^"]+)" aria-current="page"', client_alice.get(here).content.decode())
    assert here in current


def test_nobody_signed_in_sees_neither_rail_nor_search(client):
    html = page(client)
    assert 'class="rail"' not in html
    assert 'role="search"' not in html
    assert 'id="main"' in html


@pytest.mark.parametrize(("cookie", "attribute"), [("dark", 'data-bs-theme="dark"'), ("light", 'data-bs-theme="light"')])
def test_a_chosen_theme_is_in_the_page_before_anything_is_drawn(client, cookie, attribute):
    client.cookies["theme"] = cookie
    assert attribute in page(client)


@pytest.mark.parametrize("cookie", ["", "neon", '"><script>'])
def test_any_other_theme_is_what_the_system_says(client, cookie):
    client.cookies["theme"] = cookie
    assert "data-bs-theme" not in page(client)


def test_a_page_can_be_walked_by_keyboard_and_screen_reader(client_alice):
    html = page(client_alice)
    assert re.search(r'<body[^>]*>\s*<a class="skip-link" href="#main">', html)
    assert '<html lang="en"' in html
    for landmark in ("<main id=", 'aria-label="Main"', '<header class="topbar"', 'aria-live="polite"'):
        assert html.count(landmark) == 1


def test_htmx_is_told_to_show_refused_forms_and_to_evaluate_nothing(client_alice):
    html = page(client_alice)
    assert '{"code":"422","swap":true}' in html
    assert '"allowEval":false' in html
    assert re.search(r"hx-headers='\{\"X-CSRFToken\": \"\w+\"\}'", html)


def page(client) -> str:
    return client.get("/page").content.decode()


def existing(names: str) -> list[str]:
    found = []
    for name in names.split():
        try:
            reverse(name)
        except NoReverseMatch:
            continue
        found.append(name)
    return found
