"""Shared by the tasks that generate text: the parameters of `generate`, and those of prompt templates."""

from typing import Any

from ._base import InvalidInput, Param, Row

SAMPLING = ("temperature", "top_p", "top_k", "min_p", "typical_p")

GENERATION_PARAMS = (
    Param(
        "max_new_tokens", int, None, "Most tokens to write; the model's context may end it earlier.", minimum=1, maximum=1_000_000
    ),
    Param("min_new_tokens", int, None, "At least this many tokens are written.", minimum=0, maximum=1_000_000, advanced=True),
    Param("do_sample", bool, None, "Draw each token by chance, rather than always take the likeliest."),
    Param("temperature", float, None, "Sharper below 1, wilder above; 0 takes the likeliest token.", minimum=0, maximum=100),
    Param(
        "top_p", float, None, "Draw only from the likeliest tokens that reach this probability together.", minimum=0, maximum=1
    ),
    Param("top_k", int, None, "Draw only from this many of the likeliest tokens; 0 from all.", minimum=0, maximum=1_000_000),
    Param(
        "min_p",
        float,
        None,
        "Leave out tokens less likely than this share of the likeliest.",
        minimum=0,
        maximum=1,
        advanced=True,
    ),
    Param("typical_p", float, None, "Draw from tokens that are as likely as expected.", minimum=0, maximum=1, advanced=True),
    Param(
        "repetition_penalty", float, None, "Above 1 makes tokens that are already there less likely.", minimum=0.01, maximum=100
    ),
    Param(
        "no_repeat_ngram_size",
        int,
        None,
        "No run of this many tokens is written twice; 0 allows all.",
        minimum=0,
        maximum=1000,
        advanced=True,
    ),
    Param(
        "presence_penalty",
        float,
        None,
        "Above 0 makes tokens that were written before less likely, however often.",
        minimum=-2,
        maximum=2,
        advanced=True,
    ),
    Param(
        "frequency_penalty",
        float,
        None,
        "Above 0 makes tokens less likely with every time they were written before.",
        minimum=-2,
        maximum=2,
        advanced=True,
    ),
    Param("num_beams", int, None, "Follow this many candidates at once.", minimum=1, maximum=64, advanced=True),
    Param("num_return_sequences", int, None, "Answers written per input.", minimum=1, maximum=64, advanced=True),
    Param("length_penalty", float, None, "With beams: above 0 favours longer answers.", minimum=-100, maximum=100, advanced=True),
    Param("stop", list, None, "Writing ends at the first of these texts, which is left out of the answer."),
    Param("max_time", float, None, "Writing ends after this many seconds.", minimum=0.001, maximum=86_400, advanced=True),
    Param("seed", int, None, "Makes chance repeatable; left out, one is drawn and reported.", minimum=0, maximum=2**63 - 1),
)
PROMPT_PARAMS = (
    Param(
        "prompt_template",
        str,
        None,
        "Replaces the model's prompt template in this request; an empty text uses none.",
        advanced=True,
    ),
    Param("prompt_variables", dict, None, "Values of the template's variables other than prompt.", advanced=True),
)
LOGPROB_PARAMS = (
    Param("logprobs", bool, None, "Say of every token how likely it was.", advanced=True),
    Param(
        "top_logprobs", int, None, "With logprobs: also of so many of the likeliest tokens.", minimum=0, maximum=20, advanced=True
    ),
)
# What the pipelines do where the model says nothing (transformers/pipelines/text_generation.py).
FALLBACKS: Row = {"max_new_tokens": 256, "do_sample": True, "temperature": 0.7, "num_return_sequences": 1, "num_beams": 1}


def generation_defaults(pipeline: Any) -> Row:
    """What the model's generation config says, and over it what its pipeline was built with."""
    said = {**pipeline.model.generation_config.to_diff_dict(), **getattr(pipeline, "_generate_kwargs", {})}
    stops = said.pop("stop_strings", None)
    if stops:
        said["stop"] = [stops] if isinstance(stops, str) else list(stops)
    names = {each.name for each in GENERATION_PARAMS} | {"max_length"}
    return {name: value for name, value in said.items() if name in names and value is not None}


def check_sequences(values: Row, *, is_streamed: bool) -> None:
    """Refuse a number of answers that cannot be written.

    Raises InvalidInput naming the parameter.
    """
    count, beams = values.get("num_return_sequences") or 1, values.get("num_beams") or 1
    if values.get("logprobs") and beams > 1:
        raise InvalidInput("params.logprobs", f"params.logprobs needs one way through the text; set num_beams to 1, got {beams}.")
    if is_streamed and max(count, beams) > 1:
        name = "num_beams" if beams > 1 else "num_return_sequences"
        raise InvalidInput(f"params.{name}", f"params.{name} must be 1 to stream, got {max(count, beams)}.")
    if count > beams and not values.get("do_sample"):
        name = "params.num_return_sequences"
        raise InvalidInput(name, f"{name} {count} needs do_sample, or {count} num_beams: without chance all answers are one.")


def settle_sampling(values: Row, asked: Row) -> Row:
    """Turn sampling on when a request asks for its parameters, off at temperature 0; drop what then has no effect."""
    settled = dict(values)
    if settled.get("temperature") == 0:
        settled["do_sample"] = False
    elif "do_sample" not in asked and any(name in asked for name in SAMPLING):
        settled["do_sample"] = True
    if not settled.get("do_sample"):
        settled = {name: value for name, value in settled.items() if name not in SAMPLING}
    return settled
