"""What is drawn of answers that are text: spans, scores, chats, answers in their text, transcripts."""

import pytest

from flavor.tasks import Display, Field, Kind
from registry_ui.assets.services import store
from registry_ui.predictions import pictures
from registry_ui.predictions.pictures import Answer
from tests.registry_ui.assets.test_services import image
from tests.registry_ui.predictions.drawing import PNG, Anything, draw, html_of, said

pytestmark = pytest.mark.django_db


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
