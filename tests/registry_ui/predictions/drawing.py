"""Answers of any task, drawn for the tests of pictures."""

import base64
import re

from django.template.loader import render_to_string

from flavor.tasks import Field, Kind, Task
from registry_ui.predictions import pictures
from registry_ui.predictions.pictures import Answer
from registry_ui.predictions.results import result_of
from tests.registry_ui.assets.test_services import image

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
