"""A model that an outside script logged with stock `mlflow.transformers` is found by the sync and can be tried."""

import warnings

import mlflow
import pytest

from registry_ui.catalog import sync
from registry_ui.catalog.models import ModelVersion
from registry_ui.predictions.gateway import target_of
from tests.tiny_models import pipeline_for

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def log_by_stock(store, experiment):
    """Log as any training script would."""

    def log(pipeline, name: str) -> None:
        mlflow.set_experiment(experiment_id=experiment)
        with warnings.catch_warnings(), mlflow.start_run(run_name="outside"):
            warnings.simplefilter("ignore")
            mlflow.log_metric("eval_accuracy", 0.75)
            mlflow.transformers.log_model(
                pipeline, name="model", registered_model_name=name, pip_requirements=["transformers"], await_registration_for=None
            )

    return log


@pytest.mark.parametrize("task", ["text-classification", "text-generation", "image-classification"])
def test_a_stock_logged_model_appears_and_can_be_tried(log_by_stock, task):
    log_by_stock(pipeline_for(task), "outsider")

    sync.sync_once()

    version = ModelVersion.objects.select_related("model").get(model__name="outsider")
    assert version.problem == ""
    assert target_of(version).task.name == task
    assert version.parameter_count > 1000
    assert version.metrics == {"eval_accuracy": 0.75}
    assert version.run_name == "outside"
    assert version.transformers_version.startswith("5.")


def test_the_chat_template_and_the_prompt_template_of_a_stock_model_are_known(log_by_stock, store, experiment):
    pipeline = pipeline_for("text-generation")
    mlflow.set_experiment(experiment_id=experiment)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.transformers.log_model(
            pipeline,
            name="model",
            registered_model_name="teller",
            prompt_template="Tell: {prompt}",
            pip_requirements=["transformers"],
        )

    sync.sync_once()

    version = ModelVersion.objects.get()
    assert version.prompt_template == "Tell: {prompt}"
    assert "messages" in version.chat_template
