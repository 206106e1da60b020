import pytest

from flavor.prompt_templates import check, fill, fill_messages, variables
from flavor.tasks import InvalidInput


@pytest.mark.parametrize(
    "template", ["{prompt}", "Q: {prompt}\nA:", 'JSON like {"a": {"b": 1}} for {prompt}', "{tone} {prompt} {tone}"]
)
def test_one_prompt_passes(template: str) -> None:
    assert check(template) == template


@pytest.mark.parametrize(
    ("template", "found"), [("", "none"), ("{question}", "none"), ("{prompt}{prompt}", "2 times"), ("{{prompt}}", "none")]
)
def test_none_or_several_prompts_are_refused(template: str, found: str) -> None:
    with pytest.raises(InvalidInput, match=found) as caught:
        check(template)
    assert caught.value.field == "prompt_template"


def test_braces_of_the_template_and_of_the_user_survive() -> None:
    assert fill('Answer as {"a": {"b": 1}}: {prompt}', "{x} {{y}}") == 'Answer as {"a": {"b": 1}}: {x} {{y}}'


def test_doubled_braces_mean_what_they_mean_in_stock() -> None:
    template = '{{"q": "{prompt}"}}'
    assert fill(template, "hi") == template.format(prompt="hi") == '{"q": "hi"}'


@pytest.mark.parametrize("template", ["<{prompt!r}>", "<{prompt:>6}>", "{{ {prompt!s:.1} }}"])
def test_what_str_format_can_do_is_done(template: str) -> None:
    assert fill(check(template), "hi") == template.format(prompt="hi")


def test_a_way_to_show_a_variable_that_a_text_has_not_is_refused() -> None:
    with pytest.raises(InvalidInput, match="cannot show prompt as ':d'"):
        fill("{prompt:d}", "hi")


def test_a_brace_that_is_never_closed_is_a_brace() -> None:
    assert fill("{ {prompt}", "hi") == "{ hi"


def test_variables_are_filled_and_a_missing_one_is_named() -> None:
    template = "In a {tone} tone, {prompt} ({tone})"
    assert variables(template) == ("tone", "prompt")
    assert fill(template, "go", {"tone": "dry"}) == "In a dry tone, go (dry)"
    with pytest.raises(InvalidInput) as caught:
        fill(template, "go")
    assert caught.value.field == "params.prompt_variables.tone"


def test_a_variable_cannot_replace_the_prompt() -> None:
    assert fill("{prompt}", "real", {"prompt": "forged"}) == "real"


def test_the_users_last_message_is_wrapped_in_a_copy() -> None:
    chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    assert [each["content"] for each in fill_messages("<{prompt}>", chat)] == ["a", "b", "<c>"]
    assert chat[2]["content"] == "c"


def test_a_chat_without_the_user_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no message of the user"):
        fill_messages("<{prompt}>", [{"role": "system", "content": "a"}])
