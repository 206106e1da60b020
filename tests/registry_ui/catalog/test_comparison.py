"""Versions side by side."""

import re

import pytest
from django.urls import reverse

from registry_ui.catalog.comparison import MINUS
from tests.factories import make_version

TEXT = {"name": "text", "type": "string", "required": True}
LABEL = {"name": "label", "type": "string", "required": True}


@pytest.fixture
def two(db):
    before = {
        "metrics": {"accuracy": 0.8, "eval_loss": 0.5, "seconds": 3},
        "params": {"epochs": "3", "seed": "1"},
        "signature": {"inputs": [TEXT], "outputs": [LABEL], "params": []},
        "card": "# Sentiment\n\nTrained on old reviews.",
        "files": [{"path": "model/model.safetensors", "size_bytes": 1000}, {"path": "MLmodel", "size_bytes": 9}],
    }
    after = before | {
        "metrics": {"accuracy": 0.9, "eval_loss": 0.25, "seconds": 4},
        "params": {"epochs": "5", "seed": "1"},
        "signature": {"inputs": [TEXT, TEXT | {"name": "language"}], "outputs": [LABEL], "params": []},
        "card": "# Sentiment\n\nTrained on new reviews.",
        "files": [{"path": "model/model.safetensors", "size_bytes": 2000}, {"path": "MLmodel", "size_bytes": 9}],
    }
    return make_version(version=1, **before), make_version(version=2, aliases=("champion",), **after)


def compared(client, *items: str, **query: str):
    return client.get(reverse("catalog:compare"), {"items": list(items), **query})


def rows(html: str) -> dict[str, list[str]]:
    """The rows that differ, by name: what each cell says, tags and blanks taken out."""
    found = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', html, re.S)
    return {
        name: [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells.split("</td>")[:-1]] for name, cells in found
    }


def test_what_differs_is_shown_and_what_is_equal_is_folded(client_alice, two):
    html = compared(client_alice, "models:/sentiment/1", "models:/sentiment/2").content.decode()
    found = rows(html)
    assert found["epochs"] == ["3", "5"]
    assert found["model/model.safetensors"] == ["1 kB", "2 kB"]
    assert "seed" not in found
    assert "MLmodel" not in found
    assert "1 equal row<" in html


def test_numbers_say_how_far_they_are_from_the_baseline_and_whether_that_is_better(client_alice, two):
    found = rows(compared(client_alice, "models:/sentiment/1", "models:/sentiment/2").content.decode())
    assert found["accuracy"] == ["0.8", "0.9 +0.1 better"]
    assert found["eval_loss"] == ["0.5", f"0.25 {MINUS}0.25 better"]
    assert found["seconds"] == ["3", "4 +1"]


def test_callers_are_told_what_breaks(client_alice, two):
    html = compared(client_alice, "models:/sentiment/1", "models:/sentiment/2").content.decode()
    assert "Version 2 in place of version 1" in html
    assert "Breaking" in html
    assert "No caller sends it." in html


def test_the_other_way_round_another_thing_breaks(client_alice, two):
    html = compared(client_alice, "models:/sentiment/1", "models:/sentiment/2", baseline="models:/sentiment/2").content.decode()
    assert "Version 1 in place of version 2" in html
    assert "Callers still send it." in html


def test_the_oldest_version_of_a_model_is_the_baseline_unless_another_is_named(client_alice, two):
    html = compared(client_alice, "models:/sentiment@champion", "models:/sentiment/1").content.decode()
    assert "Version 2 in place of version 1" in html


def test_changed_lines_of_the_card_are_shown(client_alice, two):
    html = compared(client_alice, "models:/sentiment/1", "models:/sentiment/2").content.decode()
    assert 'data-sign="went"' in html
    assert "Trained on old reviews." in html
    assert "Trained on new reviews." in html


def test_versions_of_several_models_can_be_compared(client_alice, two):
    make_version("entities", task="token-classification")
    html = compared(client_alice, "models:/sentiment/1", "models:/entities/1").content.decode()
    assert rows(html)["Task"] == ["Text classification", "Token classification"]
    assert "Breaking" in html


def test_the_same_version_twice_leaves_something_to_choose(client_alice, two):
    html = compared(client_alice, "models:/sentiment/2", "models:/sentiment@champion").content.decode()
    assert "Choose versions" in html
    assert re.search(r'value="models:/sentiment/2" checked', html)
    assert not re.search(r'value="models:/sentiment/1" checked', html)


def test_a_version_that_is_not_there_is_named(client_alice, two):
    answer = compared(client_alice, "models:/sentiment/1", "models:/nothing/7")
    assert answer.status_code == 404
    assert "models:/nothing/7" in answer.content.decode()


def test_more_versions_than_fit_are_refused(client_alice, db):
    uris = [make_version(version=number).uri for number in range(1, 10)]
    answer = compared(client_alice, *uris)
    assert answer.status_code == 400
    assert "name 8 at most" in answer.content.decode()


def test_names_and_values_are_shown_not_obeyed(client_alice, db):
    make_version(version=1, params={"<b>x</b>": "<script>1</script>"}, card="<img src=x onerror=y>")
    make_version(version=2, params={"<b>x</b>": "2"})
    html = compared(client_alice, "models:/sentiment/1", "models:/sentiment/2").content.decode()
    assert "<script>1" not in html
    assert "<b>x" not in html
    assert "<img src=x" not in html


def test_an_empty_registry_says_how_to_begin(client_alice, db):
    assert "Nothing to compare yet" in compared(client_alice).content.decode()


def test_the_page_of_a_model_leads_to_the_comparison(client_alice, two):
    html = client_alice.get(reverse("catalog:model", args=("sentiment",))).content.decode()
    assert f'action="{reverse("catalog:compare")}"' in html
    assert 'name="items" value="models:/sentiment/2"' in html


def test_a_comparison_costs_the_same_queries_for_two_versions_and_for_eight(client_alice, two, django_assert_max_num_queries):
    uris = ["models:/sentiment/1", "models:/sentiment/2", *(make_version(version=number).uri for number in range(3, 9))]
    with django_assert_max_num_queries(4 + 2 * 8):
        compared(client_alice, *uris)
