"""One worker, for real: models are logged by jobs, warmed, asked through the gateway, streamed, cancelled, and make room."""

from dataclasses import dataclass

import psutil
import pytest
from django.db import connection
from django.test import override_settings

from flavor.tasks import InvalidInput, get_task
from registry_ui.jobs.models import Job
from registry_ui.jobs.services import submit_load, submit_log, wait
from registry_ui.jobs.states import State
from registry_ui.predictions import gateway
from registry_ui.predictions.outcomes import EventKind, PredictionFailed
from registry_ui.web.redis import client
from tests.registry_ui.workers.worker_process import WorkerProcess
from tests.tiny_models import save_checkpoint

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SECONDS = 120
MB = 2**20
# Room for one tiny model and the estimate of a second, not for the estimate of a third.
BUDGET_BYTES = 120 * MB


@dataclass
class Life:
    """A worker, and the models that it has logged."""

    worker: WorkerProcess
    targets: dict[str, gateway.Target]

    def state(self, task):
        return gateway.model_state(self.targets[task].uri)

    def predict(self, task, row, params=None, **options):
        return gateway.predict(self.targets[task], [row], params, timeout_s=SECONDS, **options)

    def children(self):
        (zygote,) = psutil.Process(self.worker.process.pid).children()
        return zygote.children()


@pytest.fixture(scope="module")
def life(django_db_setup, django_db_blocker, redis_server, mlflow_store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    log = tmp_path_factory.mktemp("worker") / "worker.log"
    with override_settings(MLFLOW_TRACKING_URI=mlflow_store[0], CHECKPOINT_ROOTS=[folder]), django_db_blocker.unblock():
        worker = WorkerProcess("whole@test", log, MODEL_BUDGET_BYTES=str(BUDGET_BYTES))
        try:
            worker.start()
            tasks = ("text-classification", "text-generation", "image-classification")
            yield Life(worker, {task: logged(worker, folder, task) for task in tasks})
        finally:
            status = worker.stop()
            client().connection_pool.disconnect()
            connection.close()
    assert status == 0


def logged(worker, folder, task):
    """Log a tiny model by a job and return what to ask."""
    save_checkpoint(task, folder / task)
    job = submit_log(source=task, registered_model=f"whole-{task}", alias="champion")
    worker.wait_until(lambda: Job.objects.get(pk=job.pk).is_terminal)
    job.refresh_from_db()
    assert (job.state, job.error) == (State.SUCCEEDED, None)
    return gateway.Target(job.result["model_uri"], job.result["registered_model"], job.result["version"], get_task(task))


def test_a_load_job_warms_a_model_and_says_what_it_takes(life):
    target = life.targets["text-classification"]
    job = wait(submit_load(model_uri=target.uri).id, seconds=SECONDS)

    assert (job.state, job.error) == (State.SUCCEEDED, None)
    assert job.result["memory_bytes"] > MB
    assert [each["name"] for each in job.stages][-1] == "warm"
    life.worker.wait_until(lambda: life.state("text-classification").state == "warm")


def test_a_cold_model_answers_and_is_warm_afterwards(life):
    outcome = life.predict("text-classification", {"text": "The soup was good."})

    assert len(outcome.results[0]["records"]) == 3
    assert life.predict("text-classification", {"text": "The soup was good."}).timing_ms["load"] == 0
    life.worker.wait_until(lambda: life.state("text-classification").queue is not None)


def test_an_image_goes_to_the_model_and_comes_back_as_labels(life):
    outcome = life.predict("image-classification", get_task("image-classification").example)
    assert outcome.results[0]["records"][0]["label"] in "0123456789"


def test_a_wrong_param_is_the_error_of_the_field(life):
    with pytest.raises(PredictionFailed, match="topk") as error:
        life.predict("text-classification", {"text": "good"}, {"topk": 1})
    assert (error.value.code, error.value.field) == ("invalid-input", "params.topk")


def test_a_text_over_the_models_length_is_cut_and_said_so_or_refused(life):
    long = {"text": "good " * 500}
    (cut,) = life.predict("text-classification", long).results
    assert [warning["code"] for warning in cut["warnings"]] == ["input_truncated"]

    with pytest.raises(PredictionFailed, match="tokens and the model reads 64") as error:
        life.predict("text-classification", long, overlong="refuse")
    assert (error.value.code, error.value.field) == ("invalid-input", "text")


def test_a_medium_that_is_none_is_named_before_anything_is_sent(life):
    with pytest.raises((InvalidInput, PredictionFailed)) as error:
        life.predict("image-classification", {"image": b"no picture"})
    assert error.value.field == "image"


def test_a_text_is_streamed_as_it_is_written(life):
    params = {"max_new_tokens": 40, "do_sample": False, "return_full_text": False}
    whole = life.predict("text-generation", {"text": "the soup"}, params)
    request_id = gateway.start_stream(life.targets["text-generation"], {"text": "the soup"}, params, timeout_s=SECONDS)
    events = list(gateway.read_stream(request_id))

    written = "".join(event.data["text"] for event in events if event.kind is EventKind.TOKEN)
    assert events[-1].kind is EventKind.RESULT
    assert written == whole.results[0]["records"][0]["generated_text"]


def test_a_cancelled_stream_ends_early_and_keeps_what_was_written(life):
    params = {"max_new_tokens": 240, "do_sample": False, "return_full_text": False}
    request_id = gateway.start_stream(life.targets["text-generation"], {"text": "the soup"}, params, timeout_s=SECONDS)
    events = []
    for event in gateway.read_stream(request_id):
        events.append(event)
        if event.kind is EventKind.TOKEN and len(events) < 4:
            gateway.cancel(request_id)

    assert events[-1].kind is EventKind.RESULT
    assert events[-1].data["results"][0]["records"][0]["finish_reason"] in ("cancelled", "length", "stop")


def test_a_model_makes_room_and_its_process_gives_its_memory_back(life):
    life.predict("text-classification", {"text": "good"})
    life.predict("text-generation", {"text": "good"}, {"max_new_tokens": 1})
    life.predict("image-classification", get_task("image-classification").example)
    life.predict("text-generation", {"text": "good"}, {"max_new_tokens": 1})

    held = {state.uri: state.memory_bytes for worker in gateway.workers() for state in worker.models if state.state == "warm"}
    life.worker.wait_until(lambda: len(life.children()) <= 2)
    assert sum(held.values()) <= BUDGET_BYTES


def test_a_dead_child_is_replaced_when_the_model_is_asked_again(life):
    life.predict("text-classification", {"text": "good"})
    dead = {child.pid for child in life.children()}
    for child in life.children():
        child.kill()

    assert life.predict("text-classification", {"text": "good"}).results
    assert not dead & {child.pid for child in life.children() if child.status() != psutil.STATUS_ZOMBIE}
