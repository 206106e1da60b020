"""What a form can be filled with."""

import base64

import pytest

from flavor.tasks import get_task
from registry_ui.playground.examples import find_example, list_examples
from tests.factories import make_version
from tests.registry_ui.assets.test_services import image

pytestmark = pytest.mark.django_db

TEXTS = get_task("text-classification")
IMAGES = get_task("image-classification")
CHATS = get_task("text-generation")


def rows(task, **facts):
    return [each.row for each in list_examples(task, make_version(**facts))][:-1]


def test_without_a_version_the_task_has_its_own_example():
    assert [each.row for each in list_examples(TEXTS)] == [TEXTS.example]


def test_the_cards_entries_come_first_with_title_and_parameters():
    entry = {"text": "Fine.", "example_title": "praise", "parameters": {"top_k": 1}}
    found = list_examples(TEXTS, make_version(card_data={"widget": [entry]}, input_example="The soup."))

    assert [(each.key, each.title, each.row, each.params) for each in found[:2]] == [
        ("card-0", "praise", {"text": "Fine."}, {"top_k": 1}),
        ("input-0", "The soup.", {"text": "The soup."}, {}),
    ]
    assert find_example(found, "card-0") == found[0]


def test_an_image_in_the_card_is_shown_and_sent_as_bytes():
    uri = "data:image/png;base64," + base64.b64encode(image()).decode()
    found = list_examples(IMAGES, make_version(card_data={"widget": [{"src": uri, "example_title": "cat"}]}))

    assert (found[0].row, found[0].preview) == ({"image": image()}, uri)


@pytest.mark.parametrize(
    "entry",
    [
        {"src": "https://example.org/cat.png"},
        {"text": "no image"},
        {"src": 3},
        {},
        "text",
        None,
        {"src": "data:image/png;base64,AAAA", "parameters": {"nonsense": 1}},
    ],
)
def test_an_entry_that_breaks_the_rules_or_lies_elsewhere_is_left_out(entry):
    assert rows(IMAGES, card_data={"widget": [entry]}) == []


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("A text.", [{"text": "A text."}]),
        (["One.", "Two."], [{"text": "One."}, {"text": "Two."}]),
        ({"text": "One."}, [{"text": "One."}]),
        ({"columns": ["text"], "data": [["One."], ["Two."]]}, [{"text": "One."}, {"text": "Two."}]),
        ({"inputs": ["One."]}, [{"text": "One."}]),
        ({"other": "One."}, []),
        (3, []),
        (None, []),
    ],
)
def test_an_input_example_is_read_in_the_shapes_that_mlflow_stores(stored, expected):
    assert rows(TEXTS, input_example=stored) == expected


@pytest.mark.parametrize("stored", [[{"role": "user", "content": "Hi"}], {"messages": [{"role": "user", "content": "Hi"}]}])
def test_a_chat_is_one_example(stored):
    assert rows(CHATS, input_example=stored) == [{"messages": [{"role": "user", "content": "Hi"}]}]


def test_a_version_that_chats_is_offered_the_tasks_example_as_a_chat():
    (example,) = list_examples(CHATS, make_version(chat_template="{{ messages }}"))

    assert example.row == {"messages": [{"role": "user", "content": CHATS.example["text"]}]}


def test_an_example_without_words_is_called_one():
    assert [each.label for each in list_examples(IMAGES)] == ["Example"]


def test_the_same_row_is_offered_once():
    assert rows(TEXTS, card_data={"widget": ["One.", {"text": "One."}]}, input_example="One.") == [{"text": "One."}]


@pytest.mark.parametrize("labels", ["a cat, a dog", ["a cat", "a dog"]])
def test_labels_among_the_parameters_of_a_card_go_to_the_input(labels):
    uri = f"data:image/png;base64,{base64.b64encode(image()).decode()}"
    entry = {"src": uri, "parameters": {"candidate_labels": labels}}
    task = get_task("zero-shot-image-classification")
    assert rows(task, card_data={"widget": [entry]})[0] == {"image": image(), "candidate_labels": ["a cat", "a dog"]}


@pytest.mark.parametrize("card_data", [None, [], {"widget": "text"}, {"widget": {"a": 1}}])
def test_a_card_that_is_not_what_it_should_be_does_no_harm(card_data):
    version = make_version()
    version.card_data = card_data

    assert [each.row for each in list_examples(TEXTS, version)] == [TEXTS.example]
