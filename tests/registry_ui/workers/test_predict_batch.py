"""What a worker does with a message of predictions. The pool is played; replies, history and Redis are real."""

import base64
import json
import time
import uuid
from concurrent.futures import Future
from dataclasses import replace
from io import BytesIO

import numpy
import pytest
from PIL import Image

from flavor.errors import ModelNotLoadable
from flavor.media import encode_image
from flavor.results import json_safe
from registry_ui.accounts.models import User
from registry_ui.assets.services import find, store
from registry_ui.assets.services import read as read_asset
from registry_ui.predictions.models import Prediction
from registry_ui.predictions.outcomes import EventKind
from registry_ui.predictions.streams import read
from registry_ui.predictions.wire import Message, Request, cancelled_key, reply_key, taken_key
from registry_ui.web.redis import client
from registry_ui.workers import predict_batch
from registry_ui.workers.replies import Replies
from registry_ui.workers.resources import Resources, current, install

pytestmark = pytest.mark.django_db(transaction=True)


class PlayedPool:
    """Answers each request at once with its own rows, or as the test says."""

    def __init__(self):
        self.requests = []
        self.error = None
        self.records = None

    def submit_all(self, uri, requests):
        return [self._submit(request) for request in requests]

    def _submit(self, request):
        self.requests.append(request)
        done = Future()
        if self.error:
            done.set_exception(self.error)
            return done
        if request.on_token:
            for token in ("one ", "two"):
                request.on_token(token)
        records = self.records or [len(request.rows)]
        done.set_result({"id": request.id, "results": [{"records": records}], "timing_ms": {"model": 1}})
        return done


@pytest.fixture
def pool(redis):
    pool = PlayedPool()
    install(Resources("w/1", None, pool, Replies()))
    yield pool
    current().replies.close()
    install(None)
    client().connection_pool.disconnect()


def request(**changes):
    asked = {"id": str(uuid.uuid4()), "rows": [{"text": "hello"}], "params": {}, "deadline": time.time() + 60}
    return Request(**{**asked, **changes})


def run(*requests):
    """Run one message and wait until its answers and history are written."""
    message = Message(uri="models:/m/1", name="m", version="1", task="text-classification", requests=list(requests))
    predict_batch.run(json.loads(json.dumps(message.to_json())))
    worker = current()
    worker.replies.close()
    install(replace(worker, replies=Replies()))
    return message


def answer(asked):
    return json.loads(client().lpop(reply_key(asked.id)))


def test_every_request_is_answered_under_its_own_id(pool):
    requests = [request(rows=[{"text": "x"}] * number) for number in (1, 2, 3)]
    run(*requests)

    assert [answer(each)["results"] for each in requests] == [[{"records": [number]}] for number in (1, 2, 3)]


def test_the_message_is_noted_as_taken(pool, redis):
    message = run(request())
    assert redis.get(taken_key(message.id)) == "w/1"


def test_an_answer_does_not_stay_for_ever(pool, redis):
    asked = request()
    run(asked)
    assert redis.ttl(reply_key(asked.id)) > 0


def test_a_request_past_its_deadline_is_dropped_before_the_model(pool):
    late = request(deadline=time.time() - 1)
    run(late)

    assert pool.requests == []
    assert answer(late)["error"]["code"] == "timeout"


def test_a_cancelled_request_is_dropped_before_the_model(pool, redis):
    unwanted, wanted = request(), request()
    redis.set(cancelled_key(unwanted.id), "1")
    run(unwanted, wanted)

    assert [each.id for each in pool.requests] == [wanted.id]
    assert answer(unwanted)["error"]["code"] == "cancelled"


def test_media_reach_the_model_as_bytes(pool):
    asset = store(b"sound", "audio/wav")
    run(request(rows=[{"audio": {"asset": str(asset.id)}, "text": "x"}]))

    assert pool.requests[0].rows == [{"audio": b"sound", "text": "x"}]


def test_a_medium_that_is_gone_is_an_error_naming_the_field(pool):
    asked = request(rows=[{"image": {"asset": str(uuid.uuid4())}}])
    run(asked)

    assert (answer(asked)["error"]["code"], pool.requests) == ("invalid-input", [])


def test_a_model_that_cannot_be_loaded_is_told_to_each_caller(pool):
    pool.error = ModelNotLoadable("config.json is missing")
    asked = request()
    run(asked)

    assert answer(asked)["error"] == {"code": "model-not-loadable", "detail": "config.json is missing", "field": None}


def test_a_crash_does_not_show_its_text(pool):
    pool.error = ZeroDivisionError("secret")
    asked = request()
    run(asked)

    assert answer(asked)["error"]["code"] == "internal-error"


def test_a_stream_gets_its_worker_its_tokens_and_its_end(pool):
    asked = request(is_stream=True)
    run(asked)

    events = read(asked.id, "0", block_s=1)
    assert events[0].data == {"state": "running", "worker": "w/1"}
    assert "".join(event.data["text"] for event in events[1:-1]) == "one two"
    assert events[-1].kind is EventKind.RESULT
    assert client().llen(reply_key(asked.id)) == 0


def test_an_answered_request_is_in_the_history_once(pool):
    ann = User.objects.create_user("ann")
    asked = request(caller_id=ann.pk)
    run(asked)
    run(asked)

    row = Prediction.objects.get()
    assert (str(row.id), row.created_by, row.model_name, row.rows) == (asked.id, ann, "m", [{"text": "hello"}])
    assert row.outcome["results"] == [{"records": [1]}]


def test_a_caller_deleted_meanwhile_does_not_lose_the_history(pool):
    run(request(caller_id=4711))
    assert Prediction.objects.get().created_by is None


def test_media_of_an_answer_become_assets_and_no_bytes_travel(pool):
    picture = encode_image(Image.new("RGB", (3, 2), "red"))
    pool.records = [{"mask": picture, "parts": [{"label": "a", "image": picture}], "score": 0.5}]
    asked = request()
    run(asked)

    (record,) = answer(asked)["results"][0]["records"]
    assert set(record["mask"]) == {"asset", "media_type"}
    assert record["score"] == 0.5
    assert find(record["mask"]["asset"]).name == "mask.png"
    assert read_asset(record["parts"][0]["image"]["asset"]) == base64.b64decode(picture["base64"])
    assert Prediction.objects.get(pk=asked.id).outcome["results"][0]["records"] == [record]


def test_large_arrays_become_files_with_their_shape(pool):
    pool.records = json_safe([{"depth": numpy.zeros((400, 300), "float32")}], max_array_bytes=1000)
    asked = request()
    run(asked)

    depth = answer(asked)["results"][0]["records"][0]["depth"]
    assert (depth["shape"], depth["dtype"], depth["media_type"]) == ([400, 300], "float32", "application/x-npy")
    assert numpy.load(BytesIO(read_asset(depth["asset"]))).shape == (400, 300)


def test_an_answer_that_cannot_be_kept_says_so(pool, settings):
    settings.MAX_UPLOAD_BYTES = 10
    pool.records = [{"mask": encode_image(Image.new("RGB", (3, 2)))}]
    asked = request()
    run(asked)
    assert "cannot be kept" in answer(asked)["results"][0]["error"]["detail"]
