"""What is drawn of an answer, display by display, for tasks that are here and tasks to come."""

import base64
import re

import pytest
from django.template.loader import render_to_string

from flavor.tasks import Display, Field, Kind, Task
from registry_ui.assets.services import store
from registry_ui.predictions import pictures
from registry_ui.predictions.pictures import Answer
from registry_ui.predictions.results import result_of
from tests.registry_ui.assets.test_services import image

pytestmark = pytest.mark.django_db

PNG = {"media_type": "image/png", "base64": base64.b64encode(image(size=(40, 30))).decode()}
WAV = {"media_type": "audio/wav", "base64": "UklGRgAAAABXQVZF"}


class Anything(Task):
    """Takes a value of every kind and answers with whatever it is given."""

    name = "anything"
    title = "Anything"
    inputs = tuple(Field(f"a_{kind}", kind, f"A {kind}.", required=False) for kind in Kind)
    outputs = (
        Field("label", Kind.TEXT, "A label."),
        Field("score", Kind.NUMBER, "A score."),
        Field("text", Kind.TEXT, "A text."),
    )

    def __init__(self, display):
        self.display = display


def draw(display, records, **row):
    return pictures.draw(display, Answer(Anything(display), row, records))


def html_of(display, records, row=None, **answer):
    result = result_of(Anything(display), row or {}, {"records": records, **answer})
    return render_to_string("predictions/_result.html", {"result": result})


def said(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


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


def test_offsets_count_code_points():
    text = "👩‍🚀 Sarah lives in القاهرة."
    spans = draw(
        Display.SPANS,
        [
            {"entity_group": "PER", "score": 0.9, "word": "sarah", "start": 4, "end": 9},
            {"entity_group": "LOC", "score": 0.9, "word": "القاهرة", "start": 19, "end": 26},
        ],
        a_text=text,
    )

    assert [segment.text for segment in spans.segments if segment.span] == ["Sarah", "القاهرة"]
    assert "".join(segment.text for segment in spans.segments) == text


def test_spans_that_lie_in_each_other_are_cut_apart():
    records = [{"label": "A", "start": 0, "end": 10, "word": "one two th"}, {"label": "B", "start": 4, "end": 7, "word": "two"}]
    spans = draw(Display.SPANS, records, a_text="one two three")

    assert [(segment.text, segment.span and segment.span.label) for segment in spans.segments] == [
        ("one ", "A"),
        ("two", "B"),
        (" th", "A"),
        ("ree", None),
    ]


def test_spans_without_offsets_are_searched_for_one_after_the_other():
    records = [{"entity_group": "PER", "word": "ann", "start": None, "end": None} for _ in range(2)]
    spans = draw(Display.SPANS, records, a_text="Ann and Ann")

    assert [(segment.text, bool(segment.span)) for segment in spans.segments] == [("Ann", True), (" and ", False), ("Ann", True)]
    assert spans.is_guessed


def test_offsets_outside_the_text_are_left_out():
    assert draw(Display.SPANS, [{"label": "A", "start": 3, "end": 99, "word": "x"}], a_text="short").segments[0].text == "short"


def test_tags_of_one_kind_have_one_color():
    records = [
        {"entity": tag, "word": "a", "start": place, "end": place + 1} for place, tag in enumerate(("B-PER", "I-PER", "B-LOC"))
    ]

    assert [(hue.label, hue.number, hue.count) for hue in draw(Display.SPANS, records, a_text="abc").hues] == [
        ("PER", 1, 2),
        ("LOC", 2, 1),
    ]


def test_scores_that_are_no_probabilities_share_a_scale():
    bars = draw(Display.LABELS, [{"label": "a", "score": 7.5}, {"label": "b", "score": -2.5}])

    assert [(bar.low, bar.high) for bar in bars.groups[0].shown] == [(-2.5, 7.5)] * 2


def test_many_labels_are_folded():
    bars = draw(Display.LABELS, [{"label": str(number), "score": 0.01} for number in range(100)])

    assert (len(bars.groups[0].shown), len(bars.groups[0].folded)) == (10, 90)


def test_a_repeated_prompt_is_told_from_what_is_new():
    (written,) = draw(Display.TEXT, [{"text": "Once upon a time"}], a_text="Once").texts

    assert (written.prompt, written.text) == ("Once", " upon a time")


def test_a_chat_shows_parts_tool_calls_and_the_answer_to_go_on_with():
    asset = store(image())
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, {"type": "image", "asset": str(asset.id)}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "call-1"}]},
    ]
    chat = draw(Display.CHAT, [{"message": {"role": "assistant", "content": "A square."}}], a_messages=messages)

    assert [turn.texts for turn in chat.turns] == [["What is this?"], [], ["A square."]]
    assert chat.turns[0].media[0].url == f"/assets/{asset.id}"
    assert "call-1" in chat.turns[1].other
    assert '"A square."' in chat.reply


def test_what_was_sent_beside_a_chat_and_what_was_made_is_in_its_turns():
    row = {"a_messages": [{"role": "user", "content": "Draw it."}], "a_image": {"asset": str(store(image()).id)}}
    chat = draw(Display.CHAT, [{"generated_image": PNG}], **row)

    assert [[medium.is_image for medium in turn.media] for turn in chat.turns] == [[True], [True]]
    assert html_of(Display.CHAT, [{"generated_image": PNG}], row).count("<img") >= 2
    assert chat.reply == ""


def test_an_image_that_was_made_is_shown_where_a_text_would_be():
    html = html_of(Display.TEXT, [{"generated_image": PNG}], {"a_text": "A dog"})

    assert f"data:image/png;base64,{PNG['base64']}" in html
    assert "written-text" not in html


def test_several_answers_to_a_chat_are_not_taken_on():
    records = [{"message": {"role": "assistant", "content": text}} for text in ("a", "b")]

    assert draw(Display.CHAT, records, a_messages=[{"role": "user", "content": "?"}]).reply == ""


def test_an_answer_is_marked_in_the_text_that_it_comes_from():
    class Question(Anything):
        inputs = (Field("question", Kind.TEXT, "?"), Field("context", Kind.TEXT, "."))

    row = {"question": "Where do I live?", "context": "I live in Rome."}
    picture = pictures.draw(Display.ANSWER, Answer(Question(Display.ANSWER), row, [{"answer": "Rome", "start": 10, "end": 14}]))

    assert [segment.text for segment in picture.segments if segment.span] == ["Rome"]


def test_the_words_of_answers_are_marked_on_their_page():
    row = {"a_text": "What number?", "a_image": {"asset": str(store(image(size=(200, 400))).id)}}
    records = [
        {"answer": "US 7", "score": 0.9, "start": 1, "end": 2, "boxes": [[100, 250, 200, 300], [300, 250, 400, 300]]},
        {"answer": "", "score": 0.1},
    ]
    picture = draw(Display.ANSWER, records, **row)

    assert [(box.x, box.y, box.width, box.height) for box in picture.page.boxes] == [(20, 100, 20, 20), (60, 100, 20, 20)]
    assert picture.segments == []
    assert 'viewBox="0 0 200 400"' in html_of(Display.ANSWER, records, row)
    assert draw(Display.ANSWER, records, a_text="What number?").page is None


def test_a_transcript_becomes_subtitles():
    chunks = [{"text": " One.", "timestamp": (0.0, 1.5)}, {"text": " Two.", "timestamp": (3661.25, None)}]
    subtitles = draw(Display.TRANSCRIPT, [{"text": "One. Two.", "chunks": chunks}]).subtitles

    assert subtitles.splitlines()[2:4] == ["00:00:00.000 --> 00:00:01.500", "One."]
    assert "01:01:01.250 --> 01:01:03.250" in subtitles


def test_a_transcript_says_which_language_was_heard():
    assert "French" in said(html_of(Display.TRANSCRIPT, [{"text": "Bonjour.", "language": "french"}]))
    assert draw(Display.TRANSCRIPT, [{"text": "Hello."}]).language == ""


def test_a_sound_says_how_long_it_is():
    sound = {"audio": {"media_type": "audio/wav", "base64": "AAAA"}, "sampling_rate": 16000, "seconds": 1.25}
    html = html_of(Display.AUDIO, [sound])

    assert "1.2 s" in said(html)
    assert "16,000 Hz" in said(html)
    assert "<audio" in html


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
