from flavor.replies import message_of
from tests.tiny_models import byte_tokenizer

TEMPLATE = {
    "defaults": {"role": "assistant"},
    "start_anchor": "<|assistant|>",
    "fields": {"reasoning": {"open": "<think>", "close": "</think>"}, "content": {"close": "</s>"}},
}


def read(prompt: str, written: str, template: dict | None) -> tuple:
    tokenizer = byte_tokenizer()
    tokenizer.response_template = template
    prompt_ids, written_ids = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in (prompt, written))
    return message_of(tokenizer, prompt_ids, written_ids, "plain", {})


def test_without_a_template_all_that_was_written_is_content() -> None:
    assert read("<|assistant|>", "Because.", None) == ({"role": "assistant", "content": "plain"}, [])


def test_a_response_template_tells_reasoning_from_content_though_the_prompt_began_it() -> None:
    message, warnings = read("<|user|>Why?</s><|assistant|><think>", "It asks.</think>Because.</s>", TEMPLATE)
    assert message == {"role": "assistant", "reasoning": "It asks.", "content": "Because."}
    assert warnings == []


def test_a_response_template_that_cannot_be_followed_is_a_warning() -> None:
    message, (warning,) = read("<|assistant|>", "Because.", {"type": "object"})
    assert message == {"role": "assistant", "content": "plain"}
    assert warning.code == "reply_not_parsed"
