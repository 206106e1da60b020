"""The question-answering pipeline of transformers 4, which transformers 5 no longer has."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers.pipelines.base import ChunkPipeline

LONGEST_WINDOW = 384  # tokens of question and context read at once, unless said otherwise
OVERLAP = 128  # tokens of the context that two windows share
LONGEST_ANSWER = 15  # tokens
LONGEST_QUESTION = 64  # tokens; what is longer is cut
_FORBIDDEN = -10_000.0  # the logit of a token that cannot be in an answer


@dataclass(frozen=True)
class Window:
    """A part of the context as it is read: which tokens may be in an answer, and where each lies in the context."""

    allowed: np.ndarray
    starts: list[int]  # the character each token begins at, or its word
    ends: list[int]
    null: int | None  # the token that stands for "no answer"
    context: str


class QuestionAnsweringPipeline(ChunkPipeline):
    """A question and a context in, the part of the context that answers out.

    `pipeline(question="…", context="…")`, a dict with these keys, or a list of such dicts. An answer is
    `{"score", "start", "end", "answer"}`, with places in characters; several, or none, are a list.
    A long context is read in windows. Of the same place found in two windows the better score counts: the last releases of
    transformers 4 added up the scores of all places with the same text, so that they could exceed 1.
    """

    default_input_names = "question,context"
    _load_processor = False
    _load_image_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.tokenizer.is_fast:
            name = type(self.tokenizer).__name__
            raise ValueError(f"question answering needs a tokenizer that tells where a token lies in the text; {name} does not.")
        self._takes_use_cache = "use_cache" in inspect.signature(self.model.forward).parameters

    def _sanitize_parameters(
        self,
        top_k: int | None = None,
        doc_stride: int | None = None,
        max_answer_len: int | None = None,
        max_seq_len: int | None = None,
        max_question_len: int | None = None,
        handle_impossible_answer: bool | None = None,
        align_to_words: bool | None = None,
        padding: Any = None,
        topk: int | None = None,
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        for name, value in (("top_k", top_k), ("topk", topk), ("max_answer_len", max_answer_len)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value}")
        preprocess = {
            "doc_stride": doc_stride,
            "max_seq_len": max_seq_len,
            "max_question_len": max_question_len,
            "align_to_words": align_to_words,
            "padding": padding,
        }
        postprocess = {
            "top_k": topk if top_k is None else top_k,
            "max_answer_len": max_answer_len,
            "handle_impossible_answer": handle_impossible_answer,
        }
        return _said(preprocess), {}, _said(postprocess)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in ("question", "context", "data") if name in kwargs}
        examples = _examples(*args, **given)
        is_one = not isinstance(examples, list) or (len(examples) == 1 and not (args and isinstance(args[0], list)))
        if is_one:
            return super().__call__(examples[0] if isinstance(examples, list) else examples, **kwargs)
        return super().__call__(examples, **kwargs)

    def window_of(self, max_seq_len: int | None = None) -> int:
        """Return how many tokens of question and context are read at once."""
        return min(max_seq_len or LONGEST_WINDOW, self.tokenizer.model_max_length)

    def question_limit(self, max_seq_len: int | None = None, max_question_len: int = LONGEST_QUESTION) -> int:
        """Return how many tokens of a question are read: never more than half of what is read in all."""
        return min(max_question_len, self.window_of(max_seq_len) // 2)

    def preprocess(
        self,
        example: dict[str, str],
        doc_stride: int | None = None,
        max_seq_len: int | None = None,
        max_question_len: int = LONGEST_QUESTION,
        align_to_words: bool = True,
        padding: Any = False,
    ) -> Iterator[dict[str, Any]]:
        """Yield the windows of the context, each with the question in front."""
        tokenizer, context = self.tokenizer, example["context"]
        length = self.window_of(max_seq_len)
        question, count = self._cut(example["question"], self.question_limit(max_seq_len, max_question_len))
        room = length - count - tokenizer.num_special_tokens_to_add(pair=True)
        overlap = min(length // 2, OVERLAP) if doc_stride is None else doc_stride
        comes_first = tokenizer.padding_side == "right"
        encoded = tokenizer(
            *((question, context) if comes_first else (context, question)),
            truncation="only_second" if comes_first else "only_first",
            max_length=length,
            stride=max(0, min(overlap, room - 1)),
            padding=padding,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        last = len(encoded["input_ids"]) - 1
        for number in range(last + 1):
            yield {
                "window": self._window(encoded, number, context, 1 if comes_first else 0, by_words=align_to_words),
                "is_last": number == last,
                **{name: torch.tensor([encoded[name][number]]) for name in self.tokenizer.model_input_names if name in encoded},
            }

    def _cut(self, question: str, limit: int) -> tuple[str, int]:
        """A question without what is over the limit, and the tokens it has then."""
        encoded = self.tokenizer(question, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        count = len(encoded["input_ids"])
        if count <= limit:
            return question, count
        return question[: encoded["offset_mapping"][limit - 1][1]], limit

    def _window(self, encoded: Any, number: int, context: str, sequence: int, *, by_words: bool) -> Window:
        allowed = np.array([each == sequence for each in encoded.sequence_ids(number)])
        offsets = encoded["offset_mapping"][number]
        places = [(start, end) if is_allowed else (0, 0) for (start, end), is_allowed in zip(offsets, allowed, strict=True)]
        if by_words:
            places = _places_of_words(places, encoded.word_ids(number), allowed)
        null = self.tokenizer.cls_token_id
        ids = encoded["input_ids"][number]
        return Window(
            allowed=allowed,
            starts=[start for start, _ in places],
            ends=[end for _, end in places],
            null=ids.index(null) if null in ids else None,
            context=context,
        )

    def _forward(self, inputs: dict[str, Any]) -> dict[str, Any]:
        read = {name: inputs[name] for name in self.tokenizer.model_input_names if name in inputs}
        if self._takes_use_cache:
            read["use_cache"] = False
        outputs = self.model(**read)
        kept = {name: inputs[name] for name in ("window", "is_last")}
        return {"start": outputs["start_logits"], "end": outputs["end_logits"], **kept}

    def postprocess(
        self,
        model_outputs: list[dict[str, Any]],
        top_k: int = 1,
        handle_impossible_answer: bool = False,
        max_answer_len: int = LONGEST_ANSWER,
    ) -> Any:
        best: dict[tuple[int, int], dict[str, Any]] = {}
        null_scores = []
        for output in model_outputs:
            window = output["window"]
            start, end = (_likelihoods(output[name], window) for name in ("start", "end"))
            null_scores.append(float(start[window.null] * end[window.null]) if window.null is not None else 0.0)
            for answer in _answers(start, end, window, top_k, max_answer_len):
                place = (answer["start"], answer["end"])
                if place not in best or best[place]["score"] < answer["score"]:
                    best[place] = answer
        answers = list(best.values())
        if handle_impossible_answer:
            answers.append({"score": min(null_scores), "start": 0, "end": 0, "answer": ""})
        answers = sorted(answers, key=lambda answer: answer["score"], reverse=True)[:top_k]
        return answers[0] if len(answers) == 1 else answers


def _likelihoods(logits: torch.Tensor, window: Window) -> np.ndarray:
    """The likelihood of each token to be the first (or last) of the answer; that of no answer is at `window.null`."""
    values = logits.float().numpy().reshape(-1)[: len(window.allowed)].astype(np.float64)
    possible = window.allowed.copy()
    if window.null is not None:
        possible[window.null] = True
    values = np.where(possible, values, _FORBIDDEN)
    found = np.exp(values - values.max())
    return found / found.sum()


def _answers(start: np.ndarray, end: np.ndarray, window: Window, count: int, longest: int) -> list[dict[str, Any]]:
    """The likeliest `count` places of a window, each once."""
    start, end = (np.where(window.allowed, each, 0.0) for each in (start, end))
    spans = np.tril(np.triu(np.outer(start, end)), longest - 1)  # the end comes not before the start, nor too long after it
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for first, last in _from_the_best(spans):
        if spans[first, last] <= 0:
            break
        place = _trimmed(window.context, window.starts[first], window.ends[last])
        if place[0] < place[1] and place not in found:
            text = window.context[place[0] : place[1]]
            found[place] = {"score": float(spans[first, last]), "start": place[0], "end": place[1], "answer": text}
        if len(found) == count:
            break
    return list(found.values())


def _from_the_best(spans: np.ndarray) -> Iterator[tuple[int, int]]:
    """The places of a table from its largest value on; the first is found without sorting all."""
    flat = spans.ravel()
    yield divmod(int(flat.argmax()), spans.shape[1])
    for place in np.argsort(-flat, kind="stable")[1:]:
        yield divmod(int(place), spans.shape[1])


def _trimmed(context: str, start: int, end: int) -> tuple[int, int]:
    """A place without the blanks that some tokenizers count to a token."""
    text = context[start:end]
    return start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))


def _places_of_words(places: list[tuple[int, int]], words: list[int | None], allowed: np.ndarray) -> list[tuple[int, int]]:
    """For each token of the context the place of its whole word."""
    whole: dict[int, tuple[int, int]] = {}
    for (start, end), word, is_allowed in zip(places, words, allowed, strict=True):
        if is_allowed and word is not None:
            before = whole.get(word, (start, end))
            whole[word] = (min(before[0], start), max(before[1], end))
    return [
        whole[word] if is_allowed and word is not None else place
        for place, word, is_allowed in zip(places, words, allowed, strict=True)
    ]


def _examples(*args: Any, question: Any = None, context: Any = None, data: Any = None) -> Any:
    """What the call was given as dicts of one question and one context."""
    if question is not None and context is not None:
        questions = question if isinstance(question, list) else [question]
        contexts = context if isinstance(context, list) else [context] * len(questions)
        if len(questions) != len(contexts):
            raise ValueError(f"there are {len(questions)} questions and {len(contexts)} contexts; give as many of each.")
        given: Any = [{"question": each, "context": text} for each, text in zip(questions, contexts, strict=True)]
    else:
        given = data if data is not None else args[0] if len(args) == 1 else list(args)
    for example in given if isinstance(given, list) else [given]:
        if not (
            isinstance(example, dict) and isinstance(example.get("question"), str) and isinstance(example.get("context"), str)
        ):
            raise ValueError(f"give a question and a context, both texts, got {example!r}.")
        if not example["question"].strip():
            raise ValueError("question is empty; ask something about the context.")
    return given


def _said(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
