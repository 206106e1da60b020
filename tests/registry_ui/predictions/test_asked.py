"""What is known of a request while it is under way and afterwards."""

import pytest

from registry_ui.predictions import asked, gateway, history
from registry_ui.predictions.asked import get_asked
from registry_ui.predictions.gateway import UnknownPrediction
from tests.registry_ui.predictions.conftest import TARGET

pytestmark = pytest.mark.django_db(transaction=True)

ROW = {"text": "hello"}


@pytest.fixture(params=["promise", "stream"])
def request_id(request, worker):
    if request.param == "stream":
        return gateway.start_stream(TARGET, ROW, {"a": 1})
    return gateway.predict(TARGET, [ROW], {"a": 1}, wait_s=0.01).request_id


def test_rows_and_params_are_known_from_the_start_and_stay_known(request_id, worker):
    before = get_asked(request_id)
    message = worker.take()
    history.write([history.row_of(message, message.requests[0], {"id": request_id, "results": []})])
    after = get_asked(request_id)

    for found in (before, after):
        assert (found.id, found.name, found.version, found.rows, found.params) == (request_id, "echo", "1", [ROW], {"a": 1})
    assert after.created_at


@pytest.mark.parametrize("request_id", ["nonsense", "0528644f-9068-4011-b02e-9355c6e00ace"])
def test_an_unknown_request_is_named(request_id, monkeypatch):
    monkeypatch.setattr(asked, "ROW_FOLLOWS_S", 0)
    with pytest.raises(UnknownPrediction, match=request_id):
        get_asked(request_id)
