"""Models that speak OpenAI's language, MLflow's `llm/v1/chat`, `llm/v1/completions` and `llm/v1/embeddings`.

Such a model is one of text-generation or feature-extraction, and is all that to our own doors; to MLflow's it is asked and
answers in requests and responses of OpenAI. One request is answered by one object, several by a list.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .chat_choices import chat_choice, chunk, encoded, finish_reason, new_id, text_choice, unsaid, usage_of
from .chat_requests import Asked, Read, in_words_of, read_chat, read_completion, read_embeddings
from .errors import as_mlflow_does
from .results import RowResult, json_safe
from .tasks import get_task
from .tasks._base import InvalidInput, Row
from .tasks._checking import check_params, check_rows
from .tasks._protocols import PROTOCOL_TASKS

if TYPE_CHECKING:
    from .pyfunc import PyfuncModel


class Protocol(ABC):
    """How requests of one kind are read and answered."""

    name: str  # "llm/v1/chat"
    key: str  # the field by which a bare value is meant
    read: Read
    needs_chat_template = False
    stock_defaults: Row = {}  # params that stock runs its models with where a model config says nothing

    @property
    def task(self) -> str:
        """What its models do."""
        return PROTOCOL_TASKS[self.name]

    def params(self, asked: Asked, *, is_pooled: bool = False) -> Row:
        """The params with which the model is run; `is_pooled` where it makes one vector of a text by itself."""
        return asked.params

    def example(self, given: Any) -> Any:
        """Return a request that is kept as input example. Raises InvalidInput naming the field that is wrong."""
        if given is None:
            return None
        try:
            for request in _requests(given, self.key)[0]:
                with in_words_of(request):
                    asked = self.read(request)
                    check_rows(get_task(self.task), asked.rows)
                    check_params(get_task(self.task), asked.params)
        except InvalidInput as error:
            raise InvalidInput("input_example", f"input_example does not fit {self.name}: {error}") from error
        return given

    @abstractmethod
    def response(self, asked: Asked, results: list[RowResult], about: Row) -> Row:
        """Return the answer to one request."""

    def to_stock(self, responses: list[Row]) -> Any:
        """The responses as stock gives them: a list, texts without the blanks in front of them."""
        for choice in (choice for response in responses for choice in response["choices"]):
            holder, name = (choice, "text") if "text" in choice else (choice["message"], "content")
            holder[name] = holder[name].lstrip() if isinstance(holder.get(name), str) else holder.get(name)
        return responses

    def check_stream(self, asked: Asked) -> None:
        """Raise InvalidInput where the request cannot be answered piece by piece."""
        if len(asked.rows) != 1:
            raise InvalidInput(self.key, f"a stream answers one {self.key}, got {len(asked.rows)}.")

    def chunks(self, pieces: Iterator[str | RowResult], asked: Asked, about: Row, *, is_read_at_the_end: bool) -> Iterator[Row]:
        """Yield the answer to one request chunk by chunk, of the pieces of its text and the result that ends them.

        `is_read_at_the_end` where only the whole text tells what is content, and what a call of a tool.
        """
        raise NotImplementedError


class LlmModel:
    """A model behind one of the protocols; `predict` and `predict_stream` are MLflow's doors."""

    def __init__(self, model: "PyfuncModel", protocol: Protocol, *, name: str = "") -> None:
        self.model = model
        self.protocol = protocol
        self.name = name

    def predict(self, model_input: Any, params: Row | None = None) -> Any:
        """Answer one request (a dict, a text, a list of messages) with a response, a list or frame of requests with a list.

        `params` stand for fields that a request does not say. Raises InvalidInput naming the field, an MlflowException too.
        """
        with as_mlflow_does():
            requests, is_single = _requests(model_input, self.protocol.key)
            responses = [self._answer({**(params or {}), **request}) for request in requests]
        if self.model.output == "stock":
            return self.protocol.to_stock(responses)
        return responses[0] if is_single else responses

    def predict_stream(self, model_input: Any, params: Row | None = None) -> Iterator[Row]:
        """Yield the chunks of one response; the texts in them together are the text of the response."""
        with as_mlflow_does():
            requests, _ = _requests(model_input, self.protocol.key)
            if len(requests) != 1:
                raise InvalidInput("inputs", f"a stream answers one request, got {len(requests)}.")
            request = {**(params or {}), **requests[0]}
            with in_words_of(request):
                asked = self.protocol.read(request)
                self.protocol.check_stream(asked)
                pieces = self.model.stream(asked.rows[0], asked.params)
                is_read_at_the_end = getattr(self.model.pipeline.tokenizer, "response_template", None) is not None
                yield from self.protocol.chunks(pieces, asked, self._about(), is_read_at_the_end=is_read_at_the_end)

    def _answer(self, request: Row) -> Row:
        with in_words_of(request):
            asked = self.protocol.read(request)
            is_pooled = self.model.effective(asked.params).values.get("pooling", "none") != "none"
            params = self.protocol.params(asked, is_pooled=is_pooled)
            if self.model.output == "stock" and not is_pooled:
                params = {**params, **self.protocol.stock_defaults}
            results = self.model.run(asked.rows, params)
        return self.protocol.response(asked, results, self._about())

    def _about(self) -> Row:
        return {"created": int(time.time()), "model": self.name}


class _Chat(Protocol):
    name = "llm/v1/chat"
    key = "messages"
    read = staticmethod(read_chat)
    needs_chat_template = True

    def response(self, asked: Asked, results: list[RowResult], about: Row) -> Row:
        records = results[0].records
        choices = [chat_choice(index, record) for index, record in enumerate(records)]
        return {"id": new_id("chatcmpl"), "object": "chat.completion", **about, "choices": choices, "usage": usage_of(results)}

    def chunks(self, pieces: Iterator[str | RowResult], asked: Asked, about: Row, *, is_read_at_the_end: bool) -> Iterator[Row]:
        """A first chunk with the role, those of the text, a last one with the reason why it ended."""
        head = {"id": new_id("chatcmpl"), "object": "chat.completion.chunk", **about}
        yield chunk(head, {"role": "assistant", "content": ""})
        for piece in pieces:
            if isinstance(piece, RowResult):
                choice: Row = chat_choice(0, piece.records[0]) if piece.records else {"message": {}, "finish_reason": "length"}
                if rest := unsaid(choice["message"], is_content_said=not is_read_at_the_end):
                    yield chunk(head, rest)
                yield chunk(head, {}, choice["finish_reason"])
                if asked.wants_usage:
                    yield {**head, "choices": [], "usage": usage_of([piece])}
            elif not is_read_at_the_end:
                yield chunk(head, {"content": piece})


class _Completions(Protocol):
    name = "llm/v1/completions"
    key = "prompt"
    read = staticmethod(read_completion)

    def response(self, asked: Asked, results: list[RowResult], about: Row) -> Row:
        records = [record for result in results for record in result.records]
        choices = [text_choice(index, record) for index, record in enumerate(records)]
        return {"id": new_id("cmpl"), "object": "text_completion", **about, "choices": choices, "usage": usage_of(results)}

    def chunks(self, pieces: Iterator[str | RowResult], asked: Asked, about: Row, *, is_read_at_the_end: bool) -> Iterator[Row]:
        head = {"id": new_id("cmpl"), "object": "text_completion", **about}
        for piece in pieces:
            if isinstance(piece, str):
                yield {**head, "choices": [{"index": 0, "text": piece, "finish_reason": None}]}
                continue
            reason = finish_reason(piece.records[0]) if piece.records else "length"
            yield {**head, "choices": [{"index": 0, "text": "", "finish_reason": reason}]}
            if asked.wants_usage:
                yield {**head, "choices": [], "usage": usage_of([piece])}


class _Embeddings(Protocol):
    name = "llm/v1/embeddings"
    key = "input"
    read = staticmethod(read_embeddings)
    stock_defaults = {"pooling": "cls"}

    def params(self, asked: Asked, *, is_pooled: bool = False) -> Row:
        """One vector for each text: pooled by mean where neither the model nor the request says how."""
        is_said = asked.params.get("pooling", "none") != "none"
        return asked.params if is_pooled or is_said else {**asked.params, "pooling": "mean"}

    def check_stream(self, asked: Asked) -> None:
        raise InvalidInput("stream", f"{self.name} has nothing to stream; use predict.")

    def response(self, asked: Asked, results: list[RowResult], about: Row) -> Row:
        vectors = [json_safe(result.records[0]["embedding"]) for result in results]
        data = [
            {"object": "embedding", "index": index, "embedding": encoded(vector) if asked.encoding == "base64" else vector}
            for index, vector in enumerate(vectors)
        ]
        read = sum(int(result.usage["input_tokens"]) for result in results)
        usage = {"prompt_tokens": read, "total_tokens": read}
        return {"object": "list", "data": data, "model": about["model"], "usage": usage}

    def to_stock(self, responses: list[Row]) -> Row:
        """One response for all requests, its vectors as arrays."""
        from numpy import array  # heavy

        data = [each for response in responses for each in response["data"]]
        vectors = [each["embedding"] for each in data]
        vectors = [array(each, dtype="float32") if isinstance(each, list) else each for each in vectors]
        data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
        usage = {name: sum(response["usage"][name] for response in responses) for name in ("prompt_tokens", "total_tokens")}
        return {"object": "list", "data": data, "usage": usage}


PROTOCOLS: dict[str, Protocol] = {each.name: each for each in (_Chat(), _Completions(), _Embeddings())}


def find_protocol(name: str | None) -> Protocol | None:
    """Return the protocol called `name`, None for the name of a task."""
    return PROTOCOLS.get(name or "")


def _requests(model_input: Any, key: str) -> tuple[list[Row], bool]:
    """Every request in what a caller of MLflow hands over, and whether it is one rather than a list."""
    if hasattr(model_input, "to_dict") and hasattr(model_input, "columns"):
        return [_said(each) for each in model_input.to_dict("records")], False
    if isinstance(model_input, dict):
        return [_said(model_input)], True
    if isinstance(model_input, str):
        return [{key: [{"role": "user", "content": model_input}] if key == "messages" else model_input}], True
    if hasattr(model_input, "tolist"):
        return _requests(model_input.tolist(), key)
    if isinstance(model_input, list) and model_input and all(isinstance(each, dict) for each in model_input):
        if all("role" in each for each in model_input):
            return [{key: model_input}], True
        return [_said(each) for each in model_input], False
    if isinstance(model_input, list) and all(isinstance(each, str) for each in model_input):
        return [request for each in model_input for request in _requests(each, key)[0]], False
    raise InvalidInput("inputs", f"inputs must be a request with {key}, or a list of such, got {type(model_input).__name__}.")


def _said(request: Row) -> Row:
    """A request without what is null or was missing in a frame; arrays as lists."""
    plain = {str(name): value.tolist() if hasattr(value, "tolist") else value for name, value in request.items()}
    return {name: value for name, value in plain.items() if value is not None and value == value}
