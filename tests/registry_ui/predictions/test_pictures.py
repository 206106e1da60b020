"""What is drawn of an answer, display by display, for tasks that are here and tasks to come."""

import pytest

from flavor.tasks import Display
from registry_ui.assets.services import store
from registry_ui.predictions.results import result_of
from tests.registry_ui.assets.test_services import image
from tests.registry_ui.predictions.drawing import PNG, WAV, Anything, draw, html_of, said

pytestmark = pytest.mark.django_db

# One row and one list of records for each display, as tasks answer.
SHOWN = {
    Display.LABELS: ({"a_text": "a"}, [{"label": "POSITIVE", "score": 0.9}], "POSITIVE"),
    Display.SPANS: ({"a_text": "Ann sings"}, [{"entity_group": "PER", "score": 0.9, "word": "ann", "start": 0, "end": 3}], "PER"),
    Display.TEXT: ({"a_text": "a"}, [{"text": "b c", "finish_reason": "length", "generated_tokens": 2}], "cut at its length"),
    Display.CHAT: (
        {"a_messages": [{"role": "user", "content": "Hi"}]},
        [{"message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}],
        "Hello.",
    ),
    Display.ANSWER: ({"a_text": "I live in Rome"}, [{"answer": "Rome", "score": 0.8, "start": 10, "end": 14}], "Rome"),
    Display.CELLS: (
        {"a_table": {"name": ["Ann", "Bo"], "age": ["3", "5"]}},
        [{"answer": "5", "coordinates": [[1, 1]], "cells": ["5"], "aggregator": "SUM"}],
        "5 (answer)",
    ),
    Display.TRANSCRIPT: (
        {"a_audio": b"RIFF\0\0\0\0WAVEfmt "},
        [{"text": "Hello", "chunks": [{"text": " Hello", "timestamp": [0.5, 1.25]}]}],
        "0.50 s",
    ),
    Display.AUDIO: ({"a_text": "a"}, [{"audio": WAV, "sampling_rate": 16000}], "16,000 Hz"),
    Display.IMAGE: ({"a_image": image()}, [{"image": PNG}], "30 pixels"),
    Display.BOXES: (
        {"a_image": image()},
        [{"label": "cat", "score": 0.9, "box": {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 3}}],
        "cat",
    ),
    Display.MASKS: ({"a_image": image()}, [{"label": "sky", "score": None, "mask": PNG}], "sky"),
    Display.DEPTH: ({"a_image": image()}, [{"depth": PNG, "minimum": 0.25, "maximum": 9.5}], "9.5"),
    Display.KEYPOINTS: (
        {"a_image": image(), "a_video": image()},
        [{"keypoint_image_0": {"x": 1, "y": 1}, "keypoint_image_1": {"x": 2, "y": 2}, "score": 0.7}],
        "Each pair",
    ),
    Display.VECTORS: ({"a_text": "a"}, [{"embedding": [3.0, -4.0]}], "Norm 5"),
    Display.DECISIONS: (
        {"a_json": {"refund": {"type": "noul", "instructions": "Is a refund requested?"}}},
        [{"question": "refund", "type": "noul", "noul": 0.9}],
        "Is a refund requested? refund Yes",
    ),
    Display.JSON: ({"a_text": "a"}, [{"anything": {"deep": [1, 2]}}], "&quot;deep&quot;"),
}


def test_every_display_is_shown_here():
    assert set(SHOWN) == set(Display)


@pytest.mark.parametrize("display", Display)
def test_every_display_draws_its_records(display):
    row, records, text = SHOWN[display]
    html = html_of(display, records, row)

    assert text in said(html)
    assert "<script" not in html
    assert " style=" not in html


@pytest.mark.parametrize("display", Display)
def test_every_display_says_that_there_is_nothing(display):
    assert 'class="nothing"' in html_of(display, [], SHOWN[display][0])


@pytest.mark.parametrize("display", Display)
@pytest.mark.parametrize(
    "records", [[{"odd": 1}], [{"box": 3, "mask": 4, "chunks": 5, "label": None, "score": "high", "message": 6}]]
)
def test_records_of_another_shape_do_no_harm(display, records):
    assert "view-panel-1" in html_of(display, records, SHOWN[display][0])


@pytest.mark.parametrize("display", Display)
def test_texts_of_strangers_are_only_text(display):
    evil = "<img src=x onerror=alert(1)>"
    records = [
        {"label": evil, "text": evil, "answer": evil, "entity_group": evil, "word": evil, "generated_text": evil, "score": 0.5}
    ]
    html = html_of(display, records, {"a_text": evil, "a_messages": [{"role": evil, "content": evil}], "a_table": {evil: [evil]}})

    assert "<img src=x" not in html


def test_boxes_keep_the_pixels_of_the_image_whatever_its_size_on_the_page():
    row = {"a_image": {"asset": str(store(image(size=(640, 480))).id)}}
    records = [{"label": "cat", "score": 0.9, "box": {"xmin": 10, "ymin": 20, "xmax": 110, "ymax": 220}}]
    html = html_of(Display.BOXES, records, row)

    assert 'viewBox="0 0 640 480"' in html
    assert '<rect x="10.0" y="20.0" width="100.0" height="200.0"' in html


def test_an_image_that_is_no_longer_kept_leaves_the_table():
    records = [{"label": "cat", "score": 0.9, "box": {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}}]
    html = html_of(Display.BOXES, records, {"a_image": {"asset": "00000000-0000-0000-0000-000000000000"}})

    assert '<svg class="medium' not in html
    assert "cat" in said(html)


def test_each_mask_of_a_text_has_its_own_bars():
    records = [{"token_str": "soup", "score": 0.5, "mask": 0}, {"token_str": "cold", "score": 0.75, "mask": 1}]
    html = said(html_of(Display.LABELS, records))

    assert html.index("Mask 1") < html.index("soup") < html.index("Mask 2") < html.index("cold")
    assert "Mask" not in said(html_of(Display.LABELS, [{"token_str": "soup", "score": 0.5}]))


def test_a_level_is_told_by_its_name_with_all_levels_in_order():
    record = {"question": "urgency", "type": "score", "score": 1.75, "confidence": 0.5}
    record |= {"legend": {"0": "Can wait", "1": "This week", "2": "Today"}, "probabilities": {"0": 0.05, "1": 0.15, "2": 0.8}}
    (decided,) = draw(Display.DECISIONS, [record])

    assert (decided.verdict, decided.level, decided.highest, decided.confidence) == ("Today", 1.75, 2, 0.5)
    assert [bar.label for bar in decided.options.shown] == ["Can wait", "This week", "Today"]


def test_options_of_a_choice_come_best_first():
    record = {"question": "tone", "type": "choice", "choice": "calm", "probabilities": {"angry": 0.25, "calm": 0.75}}
    (decided,) = draw(Display.DECISIONS, [record], a_json={"tone": {"instructions": "What is the tone?"}})

    assert (decided.instructions, decided.verdict) == ("What is the tone?", "calm")
    assert [bar.label for bar in decided.options.shown] == ["calm", "angry"]


def test_vectors_are_found_however_deep_they_lie():
    picture = draw(Display.VECTORS, [{"embedding": [[[1.0, 2.0], [3.0, 4.0]]]}])

    assert [vector.first for vector in picture.vectors] == [[1.0, 2.0], [3.0, 4.0]]


def test_vectors_of_tokens_say_which_token_each_is():
    picture = draw(Display.VECTORS, [{"embedding": [[1.0, 2.0], [3.0, 4.0]], "tokens": ["soup", "##s"]}])

    assert [vector.name for vector in picture.vectors] == ["soup", "##s"]


def test_a_token_is_shown_in_its_sentence():
    html = said(html_of(Display.LABELS, [{"token_str": "cold", "score": 0.5, "sequence": "the soup is cold"}]))

    assert "the soup is cold" in html


def test_a_vector_of_equal_values_has_a_histogram_too():
    assert draw(Display.VECTORS, [{"embedding": [0.0, 0.0]}]).vectors[0].bins[0].height == 100


def test_long_base64_is_named_rather_than_written_out():
    result = result_of(Anything(Display.IMAGE), {}, {"records": [{"image": {"media_type": "image/png", "base64": "A" * 5000}}]})

    assert "5,000 characters" in result.json
    assert "A" * 300 not in result.json


def test_a_large_array_is_a_file_to_download():
    array = {"media_type": "application/x-npy", "base64": "AAAA", "shape": [384, 512], "dtype": "float32"}
    html = html_of(Display.DEPTH, [{"depth": PNG, "predicted_depth": array}], {"a_image": image()})

    assert "application/x-npy, 384 by 512, float32" in said(html)
    assert html.count("<figure>") == 2  # before and after: the array is no picture


def test_long_arrays_are_shortened_and_short_ones_are_not():
    result = result_of(Anything(Display.JSON), {}, {"records": [{"long": [0.5] * 1000, "short": [1, 2]}]})

    assert "… 992 more" in result.json
    assert '"short": [1, 2]' in result.json


def test_who_said_each_parameter_is_told():
    parameters = {"top_k": {"value": 5, "source": "request"}, "seed": {"value": 7, "source": "drawn"}}
    text = said(html_of(Display.JSON, [{"a": 1}], parameters=parameters))

    assert "top_k 5 this request" in text
    assert "seed 7 drawn by chance" in text


def test_figures_read_as_people_say_them():
    text = said(
        html_of(
            Display.JSON,
            [{"a": 1}],
            usage={"images": 1, "input_tokens": 12, "output_tokens": 0},
            timing_ms={"total": 3.0, "forward": 2.0},
        )
    )

    assert "1 image 12 input tokens forward 2 ms total 3 ms" in text


def test_a_row_at_fault_says_why():
    html = html_of(
        Display.LABELS, [], error={"code": "model-error", "detail": "The model could not read this row.", "field": None}
    )

    assert "The model could not read this row." in said(html)
    assert "view-panel" not in html


def test_things_of_one_kind_are_told_apart_each_with_its_share_of_the_image():
    records = [
        {"label": "cat", "score": 0.9, "mask": PNG, "area": 0.473},
        {"label": "sky", "score": None, "mask": PNG, "area": 0.001},
        {"label": "cat", "score": 0.8, "mask": PNG, "area": 0.05},
        {"score": 0.8, "mask": PNG},
    ]
    picture = draw(Display.MASKS, records, a_image=image())
    assert [(hue.label, hue.number, hue.note) for hue in picture.hues] == [
        ("cat 1", 1, "47%"),
        ("sky", 2, "<1%"),
        ("cat 2", 3, "5%"),
        ("mask", 4, ""),
    ]
    assert [mask.hue for mask in picture.masks] == [1, 2, 3, 4]


def test_a_legend_of_very_many_masks_ends():
    records = [{"score": 0.8, "mask": PNG, "area": 0.01}] * 40
    picture = draw(Display.MASKS, records, a_image=image())
    assert (len(picture.hues), len(picture.masks)) == (24, 40)
