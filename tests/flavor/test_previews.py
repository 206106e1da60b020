import pytest

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_models
from tests.tiny_text_to_text import summarization


def test_a_classifier_reads_its_text_between_special_tokens() -> None:
    model = PyfuncModel(get_task("text-classification"), tiny_models.text_classification())
    found = model.preview({"text": "good", "text_pair": "bad"})
    assert found["ids"] == model.pipeline.tokenizer("good", "bad")["input_ids"]
    assert found["text"] == "good\nbad"


def test_a_prefix_of_the_task_is_read_too() -> None:
    said = {"summarization": {"prefix": "summarize: "}}
    model = PyfuncModel(get_task("summarization"), summarization(task_specific_params=said))
    found = model.preview({"text": "A story."})
    assert found["text"] == "summarize: A story."
    assert found["tokens"] == model.run([{"text": "A story."}], {"max_new_tokens": 1})[0].usage["input_tokens"]


def test_a_picture_has_no_tokens_to_preview() -> None:
    model = PyfuncModel(get_task("image-classification"), tiny_models.image_classification())
    with pytest.raises(InvalidInput, match="nothing to preview"):
        model.preview(model.task.example)


def test_a_preview_counts_the_tokens_that_a_run_uses() -> None:
    model = PyfuncModel(get_task("text-generation"), tiny_models.text_generation(), prompt_template="[{prompt}]")
    for row in ({"text": "why"}, {"messages": [{"role": "user", "content": "why"}]}):
        used = model.run([row], {"max_new_tokens": 1})[0].usage["input_tokens"]
        preview = model.preview(row)
        assert preview["tokens"] == len(preview["ids"]) == used


def test_a_preview_has_the_very_ids_that_reach_the_model() -> None:
    model = PyfuncModel(get_task("text-generation"), tiny_models.text_generation(), prompt_template="[{prompt}]")
    seen: list[list[int]] = []
    hook = model.pipeline.model.get_input_embeddings().register_forward_hook(
        lambda _, given, __: seen.append(given[0][0].tolist())
    )
    try:
        for row in ({"text": "why"}, {"messages": [{"role": "user", "content": "why"}]}):
            seen.clear()
            model.run([row], {"max_new_tokens": 1})
            assert seen[0] == model.preview(row)["ids"]
    finally:
        hook.remove()
