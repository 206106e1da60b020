"""Every answer carries an id, says what the page may load, and is kept by nobody it was not made for."""

import logging

import pytest

from registry_ui.web.request_id import RequestIdFilter

pytestmark = [pytest.mark.urls("tests.registry_ui.web.urls"), pytest.mark.django_db]


def test_an_answer_carries_the_id_its_caller_offered(client):
    assert client.get("/page", headers={"X-Request-ID": "build-7.attempt_2"})["X-Request-ID"] == "build-7.attempt_2"


@pytest.mark.parametrize(
    "offered", ["", "short", "x" * 65, "line\u2028break-1", "<script>alert(1)</script>", "spaces are not plain"]
)
def test_an_id_that_is_not_plain_is_replaced(client, offered):
    made = client.get("/page", headers={"X-Request-ID": offered})["X-Request-ID"]
    assert len(made) == 32
    assert made.isalnum()


def test_two_requests_have_two_ids(client):
    assert client.get("/page")["X-Request-ID"] != client.get("/page")["X-Request-ID"]


def test_log_lines_name_the_request(client, caplog):
    caplog.handler.addFilter(RequestIdFilter())
    with caplog.at_level(logging.WARNING, logger="django.request"):
        answer = client.get("/raises/missing")
    assert [record.request_id for record in caplog.records] == [answer["X-Request-ID"]]


def test_a_page_may_load_from_here_only_and_run_nothing_inline(client):
    policy = dict(rule.split(" ", 1) for rule in client.get("/page")["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in str(policy)


def test_a_page_may_ask_for_camera_and_microphone_but_not_for_the_place(client):
    permissions = client.get("/page")["Permissions-Policy"]
    assert "camera=(self)" in permissions
    assert "microphone=(self)" in permissions
    assert "geolocation=()" in permissions


def test_a_view_with_a_policy_and_a_cache_of_its_own_keeps_them(client):
    answer = client.get("/sandboxed")
    assert answer["Content-Security-Policy"] == "sandbox"
    assert answer["Cache-Control"] == "private, max-age=60"


def test_a_page_is_kept_apart_from_its_fragment_and_out_of_caches(client):
    answer = client.get("/page")
    assert {"HX-Request", "Cookie"} <= set(answer["Vary"].split(", "))
    assert "no-store" in answer["Cache-Control"]
