"""OpenAI's own client, pointed at us: what it sends is followed or refused by name, what comes back is what it reads."""

import json

import httpx2
import openai
import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from registry_ui.accounts import tokens
from registry_ui.accounts.scopes import Scope
from registry_ui.predictions import streams
from registry_ui.predictions.outcomes import EventKind
from registry_ui.predictions.streams import TokenWriter
from tests.factories import make_version
from tests.registry_ui.api.conftest import PREFIX

pytestmark = pytest.mark.django_db

HELLO = [{"role": "user", "content": "Hello"}]
RECORD = {
    "generated_text": "Good day",
    "message": {"role": "assistant", "content": "Good day"},
    "finish_reason": "stop",
    "generated_tokens": 2,
}
USAGE = {"input_tokens": 7, "output_tokens": 2}
VECTOR = [0.5, -0.25, 1.0]


def answered(request):
    """What a model says: as many sequences as were asked for, or a vector for each text."""
    if "pooling" in request.params:
        return {"results": [{"records": [{"embedding": VECTOR}], "usage": {"input_tokens": 3}} for _ in request.rows]}
    records = [RECORD] * request.params.get("num_return_sequences", 1)
    results = [{"records": records, "usage": USAGE} for _ in request.rows]
    if not request.is_stream:
        return {"results": results}
    streams.publish(request.id, EventKind.STATE, {"state": "running", "worker": "w/1"})
    tokens = TokenWriter(request.id)
    tokens("Good")
    tokens(" day")
    tokens.end({"id": request.id, "results": results})
    return None


@pytest.fixture(autouse=True)
def _models(worker):
    worker.answers = answered
    make_version("teller", version=1, task="text-generation", aliases=("champion",))
    make_version("teller", version=2, task="text-generation")
    make_version("vectors", task="feature-extraction")
    make_version("sentiment")


@pytest.fixture(autouse=True)
def _one_connection():
    """The database of the test stays open between requests, as Django's own test client keeps it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def client_of(user, *scopes):
    _, plain = tokens.create(user, name="ci", scopes=scopes)
    return client_with(plain)


def client_with(token):
    """The client as anybody would make it, its bytes handed to our application without a socket."""
    transport = httpx2.WSGITransport(app=get_wsgi_application())
    return openai.OpenAI(
        base_url=f"http://testserver{PREFIX}/openai", api_key=token, http_client=openai.DefaultHttpxClient(transport=transport)
    )


@pytest.fixture
def client(alice):
    return client_of(alice, Scope.PREDICT)


def test_a_chat_is_answered_by_one_completion(client):
    reply = client.chat.completions.create(model="teller", messages=HELLO)

    assert type(reply).__name__ == "ChatCompletion"
    assert reply.choices[0].message.content == "Good day"
    assert reply.choices[0].finish_reason == "stop"
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens, reply.usage.total_tokens) == (7, 2, 9)


@pytest.mark.parametrize(
    ("model", "version"), [("teller", "2"), ("teller@champion", "1"), ("teller/1", "1"), ("models:/teller/1", "1")]
)
def test_a_model_is_meant_by_its_name_by_an_alias_or_by_a_version(client, worker, model, version):
    reply = client.chat.completions.create(model=model, messages=HELLO)

    assert reply.model == f"teller/{version}"
    assert worker.sent[-1][1].uri == f"models:/teller/{version}"


def test_fields_reach_the_model_as_parameters(client, worker):
    fields = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 5, "stop": ["."], "n": 2, "seed": 1}
    reply = client.chat.completions.create(
        model="teller", messages=HELLO, frequency_penalty=0.5, presence_penalty=0.1, extra_body={"top_k": 3}, **fields
    )

    assert len(reply.choices) == 2
    assert worker.asked.params == {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_new_tokens": 5,
        "stop": ["."],
        "num_return_sequences": 2,
        "seed": 1,
        "frequency_penalty": 0.5,
        "presence_penalty": 0.1,
        "top_k": 3,
    }


def test_tools_reach_the_model_and_its_calls_come_back(client, worker):
    tool = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}}}
    call = {"type": "function", "function": {"name": "clock", "arguments": {"zone": "UTC"}}}
    message = {"role": "assistant", "content": "", "tool_calls": [call]}
    worker.answers = lambda request: {"results": [{"records": [{**RECORD, "message": message}], "usage": USAGE}]}
    reply = client.chat.completions.create(model="teller", messages=HELLO, tools=[tool])

    assert worker.asked.params["tools"] == [tool]
    assert reply.choices[0].finish_reason == "tool_calls"
    assert json.loads(reply.choices[0].message.tool_calls[0].function.arguments) == {"zone": "UTC"}


def test_a_stream_brings_the_calls_of_tools_whole(client, worker):
    call = {"type": "function", "function": {"name": "clock", "arguments": {"zone": "UTC"}}}
    record = {**RECORD, "message": {"role": "assistant", "content": "", "tool_calls": [call]}}

    def write(request):
        tokens = TokenWriter(request.id)
        tokens("<call>clock</call>")
        tokens.end({"id": request.id, "results": [{"records": [record], "usage": USAGE}]})

    worker.answers = write
    tool = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}}}
    chunks = [
        each.choices[0] for each in client.chat.completions.create(model="teller", messages=HELLO, tools=[tool], stream=True)
    ]

    assert "".join(each.delta.content or "" for each in chunks) == ""
    (called,) = [call for each in chunks for call in each.delta.tool_calls or []]
    assert (called.index, called.function.name, called.function.arguments) == (0, "clock", '{"zone": "UTC"}')
    assert chunks[-1].finish_reason == "tool_calls"


def test_a_stream_brings_the_text_in_chunks_and_the_usage_when_it_is_asked_for(client):
    chunks = list(
        client.chat.completions.create(model="teller", messages=HELLO, stream=True, stream_options={"include_usage": True})
    )

    assert {type(each).__name__ for each in chunks} == {"ChatCompletionChunk"}
    assert "".join(each.choices[0].delta.content or "" for each in chunks if each.choices) == "Good day"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [each.choices[0].finish_reason for each in chunks if each.choices][-1] == "stop"
    assert chunks[-1].usage.total_tokens == 9
    assert len({each.id for each in chunks}) == 1


def test_a_stream_ends_with_done(client):
    with client.chat.completions.with_streaming_response.create(model="teller", messages=HELLO, stream=True) as response:
        lines = list(response.iter_lines())

    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert [line for line in lines if line][-1] == "data: [DONE]"


def test_a_client_that_goes_away_is_not_written_for_any_longer(client, worker, redis):
    def write_without_end(request):
        streams.publish(request.id, EventKind.STATE, {"state": "running", "worker": "w/1"})
        TokenWriter(request.id)("Good")

    worker.answers = write_without_end
    stream = client.chat.completions.create(model="teller", messages=HELLO, stream=True)
    next(iter(stream))
    stream.close()

    assert any(worker.asked.id in key and "cancel" in key for key in map(as_text, redis.keys()))


def as_text(key):
    return key.decode() if isinstance(key, bytes) else key


def test_several_prompts_are_completed_together(client, worker):
    reply = client.completions.create(model="teller", prompt=["Once", "Twice"], max_tokens=2)

    assert [each.text for each in reply.choices] == ["Good day"] * 2
    assert [each.index for each in reply.choices] == [0, 1]
    assert worker.asked.rows == [{"text": "Once"}, {"text": "Twice"}]


def test_a_completion_streams(client):
    chunks = client.completions.create(model="teller", prompt="Once", stream=True)

    assert "".join(each.choices[0].text for each in chunks) == "Good day"


def test_texts_become_vectors_one_each(client, worker):
    reply = client.embeddings.create(model="vectors", input=["soup", "waiter"])

    assert [each.embedding for each in reply.data] == [VECTOR, VECTOR]
    assert worker.asked.params == {"pooling": "mean"}
    assert reply.usage.prompt_tokens == 6


def test_a_model_that_pools_by_itself_is_let(client, worker, vectors_pool):
    vectors_pool()
    worker.answers = lambda request: {"results": [{"records": [{"embedding": VECTOR}], "usage": {"input_tokens": 3}}]}
    client.embeddings.create(model="vectors", input="soup")

    assert worker.asked.params == {}


@pytest.fixture
def vectors_pool():
    def say():
        make_version("vectors", version=2, task="feature-extraction", files=[{"path": "model/1_Pooling/config.json"}])

    return say


def test_the_list_holds_the_models_that_can_be_asked_and_their_aliases(client):
    models = client.models.list().data

    assert [each.id for each in models] == ["teller", "teller@champion", "vectors"]
    assert models[1].owned_by == "models:/teller/1"


@pytest.mark.parametrize("name", ["teller", "teller@champion", "teller/2"])
def test_a_model_can_be_looked_up_by_each_of_its_names(client, name):
    assert client.models.retrieve(name).id == name


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"temperature": -1}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 2, "stream": True}, "n"),
        ({"logit_bias": {"1": 2}}, "logit_bias"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"extra_body": {"topk": 1}}, "topk"),
        ({"messages": []}, "messages"),
        ({"model": "sentiment"}, "model"),
    ],
)
def test_what_cannot_be_followed_is_refused_by_its_name(client, fields, param, worker):
    worker.answers = refuse_n
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**{"model": "teller", "messages": HELLO, **fields})

    assert caught.value.param == param
    assert param in caught.value.message
    assert caught.value.code == "validation"


def refuse_n(request):
    """A model that finds only when it is asked that what it is asked does not go together."""
    error = {
        "code": "invalid-input",
        "detail": "params.num_return_sequences must be 1 to stream",
        "field": "params.num_return_sequences",
    }
    TokenWriter(request.id).end({"id": request.id, "error": error})


def test_an_error_of_the_model_names_the_field_as_the_client_wrote_it(client, worker):
    error = {
        "code": "invalid-input",
        "detail": "params.max_new_tokens is more than it can write",
        "field": "params.max_new_tokens",
    }
    worker.answers = lambda request: {"results": [{"error": error}]}
    with pytest.raises(openai.BadRequestError, match="max_tokens is more than it can write") as caught:
        client.chat.completions.create(model="teller", messages=HELLO, max_tokens=9)

    assert caught.value.param == "max_tokens"


def test_an_error_in_the_middle_of_a_stream_is_raised_by_the_client(client, worker):
    def break_off(request):
        streams.publish(request.id, EventKind.STATE, {"state": "running", "worker": "w/1"})
        tokens = TokenWriter(request.id)
        tokens("Good")
        tokens.end({"id": request.id, "error": {"code": "out-of-memory", "detail": "The model ran out of memory."}})

    worker.answers = break_off
    with pytest.raises(openai.APIError, match="ran out of memory"):
        list(client.chat.completions.create(model="teller", messages=HELLO, stream=True))


def test_a_model_that_there_is_not_is_not_found(client):
    with pytest.raises(openai.NotFoundError, match="nobody") as caught:
        client.chat.completions.create(model="nobody", messages=HELLO)

    assert caught.value.code == "model_not_found"


def test_a_wrong_token_and_one_without_the_scope_are_told_apart(alice):
    with pytest.raises(openai.AuthenticationError, match="wrong, revoked or expired"):
        client_with("mlr_wrong").models.list()
    with pytest.raises(openai.PermissionDeniedError, match="models:predict"):
        client_of(alice, Scope.READ).chat.completions.create(model="teller", messages=HELLO)


def test_what_is_no_use_asking_again_is_not_asked_again(client, worker):
    error = {"code": "model-not-loadable", "detail": "Its weights are corrupt."}
    worker.answers = lambda request: {"error": error}
    with pytest.raises(openai.ConflictError, match="corrupt"):
        client.chat.completions.create(model="teller", messages=HELLO)

    assert len(worker.sent) == 1
