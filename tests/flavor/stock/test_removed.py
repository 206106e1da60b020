"""`pyfunc_output="stock"` against what stock answered while transformers had these tasks, see `goldens/answer.py`."""

from collections.abc import Callable

import mlflow
import pytest
from mlflow.pyfunc import PyFuncModel

import flavor

from .removed import REMOVED, goldens
from .seeing import close_to, seen

GOLDENS = goldens()
ASKED = [(name, question) for name, each in REMOVED.items() for question in each.questions]


@pytest.fixture(scope="module")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], PyFuncModel]:
    """Every model, saved and loaded once."""
    loaded: dict[str, PyFuncModel] = {}

    def find(name: str) -> PyFuncModel:
        if name not in loaded:
            folder = tmp_path_factory.mktemp("removed") / "model"
            each = REMOVED[name]
            options = {**each.options, "signature": each.signature}
            flavor.save_model(each.build(), folder, task=each.task, pyfunc_output="stock", pip_requirements=["mlflow"], **options)
            loaded[name] = mlflow.pyfunc.load_model(str(folder))
        return loaded[name]

    return find


@pytest.mark.parametrize(("name", "question"), ASKED, ids=[": ".join(each) for each in ASKED])
def test_the_answer_is_what_stock_gave(name: str, question: str, model_of: Callable[[str], PyFuncModel]) -> None:
    answer = model_of(name).predict(REMOVED[name].given(question))
    assert seen(answer) == close_to(GOLDENS[name][question])


def test_every_golden_is_asked_for() -> None:
    assert {name: set(answers) for name, answers in GOLDENS.items()} == {
        name: set(each.questions) for name, each in REMOVED.items()
    }
