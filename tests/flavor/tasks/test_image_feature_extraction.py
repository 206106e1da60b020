import pytest
import torch
from transformers import Pipeline, ResNetConfig, ResNetModel

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_vision
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("image-feature-extraction")
PARAMS: dict = {"pool": True}
NOTHING = {"image": noise(1, 1)}


def tiny_pipeline() -> Pipeline:
    return tiny_vision.image_feature_extraction()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


@pytest.mark.parametrize("pool", [False, True])
def test_every_image_has_its_vectors_and_they_are_the_pipelines_own(model: PyfuncModel, pool: bool) -> None:
    images = [noise(), noise(25, 50), noise(seed=1)]
    native = [tiny_pipeline()(image, pool=pool)[0] for image in images]
    results = model.run([{"image": image} for image in images], {"pool": pool})
    for result, vectors in zip(results, native, strict=True):
        assert torch.allclose(result.records[0]["features"], torch.tensor(vectors), atol=1e-5)
    assert results[0].records[0]["features"].shape == ((32,) if pool else (17, 32))


def test_half_precision_travels_too(model: PyfuncModel) -> None:
    pipeline = tiny_pipeline()
    pipeline.model.to(torch.bfloat16)
    (record,) = PyfuncModel(TASK, pipeline).run([{"image": noise()}])[0].to_json()["records"]
    assert len(record["features"]) == 17


def test_pooling_is_refused_before_a_model_without_it_runs() -> None:
    model = PyfuncModel(TASK, tiny_vision.image_feature_extraction(add_pooling_layer=False))
    with pytest.raises(InvalidInput, match="has not") as caught:
        model.run([{"image": noise()}], {"pool": True})
    assert caught.value.field == "params.pool"
    assert len(model.run([{"image": noise()}])[0].records) == 1


def test_a_network_of_convolutions_gives_its_maps() -> None:
    pipeline = tiny_pipeline()
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    pipeline.model = ResNetModel(config).eval()
    (record,) = PyfuncModel(TASK, pipeline).run([{"image": noise()}])[0].records
    assert record["features"].shape[0] == 16
