import base64
from typing import Any

import numpy
import pytest

from flavor.decoding import decode_row, usage_of
from flavor.tasks import InvalidInput, Kind, Sound, Task, get_task
from flavor.tasks.image_classification import EXAMPLE_PNG

SETTINGS: dict = {Kind.IMAGE: {"max_pixels": 10_000}}
TEXT = base64.b64encode(EXAMPLE_PNG).decode()


class Seeing(type(get_task("text-generation"))):  # type: ignore[misc]
    """A chat that reads pictures."""

    message_media = (Kind.IMAGE,)


def decoded(content: Any, task: Task | None = None) -> Any:
    (message,) = decode_row(task or Seeing(), {"messages": [{"role": "user", "content": content}]}, SETTINGS)["messages"]
    return message["content"]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "image": EXAMPLE_PNG},
        {"type": "image", "base64": TEXT},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{TEXT}"}},
    ],
)
def test_pictures_in_messages_are_decoded_whatever_their_form(part: dict) -> None:
    (found,) = decoded([part])
    assert found["type"] == "image"
    assert found["image"].size == (32, 32)


def test_texts_stand_beside_pictures_and_alone_they_are_one_text() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert decoded(parts) == parts
    assert decoded(parts, get_task("text-generation")) == "ab"


def test_a_chat_that_reads_texts_says_so_of_a_picture() -> None:
    with pytest.raises(InvalidInput, match=r"messages\[0\].content\[0\] is of the kind image; text-generation reads texts"):
        decoded([{"type": "image", "image": EXAMPLE_PNG}], get_task("text-generation"))


def test_addresses_and_unknown_parts_are_refused() -> None:
    with pytest.raises(InvalidInput, match="addresses are not opened") as caught:
        decoded([{"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}])
    assert caught.value.field == "messages"
    with pytest.raises(InvalidInput, match="'sculpture'"):
        decoded([{"type": "sculpture"}])


def test_media_are_counted() -> None:
    row = decode_row(get_task("image-classification"), {"image": EXAMPLE_PNG}, SETTINGS)
    assert usage_of(row) == {"images": 1}
    assert usage_of({"audio": Sound(numpy.zeros(800), 1600), "video": numpy.zeros((4, 2, 2, 3))}) == {
        "audio_seconds": 0.5,
        "video_frames": 4,
    }
    assert usage_of({"messages": [{"role": "user", "content": [{"type": "image", "image": row["image"]}]}]}) == {"images": 1}
    assert usage_of({"text": "a"}) == {}
