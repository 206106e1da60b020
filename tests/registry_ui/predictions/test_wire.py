"""What travels between web process and worker: media in messages go as assets, whoever's form they came in."""

import base64
import json

import pytest

from flavor.tasks import InvalidInput, get_task
from flavor.tasks.image_classification import EXAMPLE_PNG
from registry_ui.predictions.wire import pack_rows, unpack_rows

pytestmark = pytest.mark.django_db

TEXT = base64.b64encode(EXAMPLE_PNG).decode()
CHAT = get_task("text-generation")


def asked(part):
    return [{"messages": [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, part]}]}]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "image": EXAMPLE_PNG},
        {"type": "image", "base64": TEXT},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{TEXT}"}},
        {"type": "image", "image": {"base64": TEXT}},
    ],
)
def test_a_picture_in_a_message_travels_as_an_asset_and_arrives_as_bytes(part):
    packed = pack_rows(CHAT, asked(part), None)
    sent = packed[0]["messages"][0]["content"]
    assert sent[0] == {"type": "text", "text": "What is this?"}
    assert set(sent[1]) == {"type", "asset"}
    (row,) = unpack_rows(json.loads(json.dumps(packed)))
    assert row["messages"][0]["content"][1] == {"type": "image", "image": EXAMPLE_PNG}
    assert pack_rows(CHAT, packed, None) == packed


def test_an_address_in_a_message_is_refused():
    with pytest.raises(InvalidInput, match="not base64") as caught:
        pack_rows(CHAT, asked({"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}), None)
    assert caught.value.field == "messages"


def test_messages_of_texts_travel_as_they_are():
    rows = [{"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": None, "tool_calls": [1]}]}]
    assert unpack_rows(pack_rows(CHAT, rows, None)) == rows
