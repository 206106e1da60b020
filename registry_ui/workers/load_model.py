"""The load job: bring a model into this worker's memory, telling how far it is."""

from typing import TYPE_CHECKING, Any

from ..jobs.events import JobEvents
from ..jobs.payloads import LoadPayload
from .children import failures_of_children
from .resources import current

if TYPE_CHECKING:
    from flavor.runtime.pool import ModelState


def run(payload: LoadPayload, events: JobEvents) -> dict[str, Any]:
    """Warm the model. Returns its URI, the worker and the memory it takes."""

    def tell(state: "ModelState") -> None:
        events.stage(str(state.state), state.done_bytes, state.total_bytes, "bytes" if state.total_bytes else "")

    worker = current()
    with failures_of_children():
        state = worker.pool.load(payload.model_uri, is_cancelled=events.is_cancelled, on_state=tell)
    return {"model_uri": payload.model_uri, "worker": worker.identity, "memory_bytes": state.memory_bytes}
