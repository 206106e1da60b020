import json
from pathlib import Path

import numpy
import pytest
import torch
import transformers
from transformers import Pipeline

import flavor
from flavor.errors import MissingDependency
from flavor.flavor_config import FlavorConfig
from flavor.pyfunc import PyfuncModel
from flavor.requirements import packages_of
from flavor.tasks import InvalidInput, get_task
from tests import tiny_vision
from tests.tiny_vision import film

torch.set_num_threads(1)
TASK = get_task("video-classification")
PARAMS: dict = {"top_k": 2, "frame_sampling_rate": 2}
NOTHING = {"video": numpy.zeros((1, 1, 1, 3), "uint8")}


def tiny_pipeline() -> Pipeline:
    return tiny_vision.video_classification()


def native_pipeline() -> Pipeline:
    ours = tiny_pipeline()
    return transformers.VideoClassificationPipeline(model=ours.model, image_processor=ours.image_processor, device="cpu")


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


@pytest.mark.parametrize("params", [{}, {"frame_sampling_rate": 3}, {"top_k": 1}, {"top_k": 0}, {"function_to_apply": "sigmoid"}])
def test_labels_and_scores_are_the_pipelines_own(model: PyfuncModel, tmp_path: Path, params: dict) -> None:
    (tmp_path / "film.mp4").write_bytes(film())
    native = native_pipeline()(str(tmp_path / "film.mp4"), **{**params, "top_k": params.get("top_k") or 100})
    assert model.run([{"video": film()}], params)[0].records == native
    assert len(native) == (1 if params.get("top_k") == 1 else 3)


def test_films_and_arrays_of_frames_meet_in_one_call(model: PyfuncModel) -> None:
    rows = [{"video": film()}, {"video": film(width=64)}, {"video": numpy.zeros((4, 32, 32, 3), "uint8")}]
    results = model.run(rows)
    alone = [model.run([row])[0].records for row in rows]
    assert [[each["label"] for each in result.records] for result in results] == [
        [each["label"] for each in records] for records in alone
    ]
    assert [result.usage["video_frames"] for result in results] == [4, 4, 4]


def test_a_film_that_is_too_short_is_read_and_says_so_where_transformers_fails(model: PyfuncModel, tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(film(2))
    with pytest.raises(RuntimeError, match="size"):
        native_pipeline()(str(tmp_path / "film.mp4"))
    (result,) = model.run([{"video": film(2)}])
    assert [(each.code, each.detail) for each in result.warnings] == [
        ("video_short", "2 frames were found where 4 are read; the last one is repeated")
    ]
    assert len(result.records) == 3


def test_a_film_that_cannot_be_read_is_named_by_its_row(model: PyfuncModel) -> None:
    results = model.run([{"video": film()}, {"video": b"nothing"}], on_error="row")
    assert [result.error and result.error["field"] for result in results] == [None, "video"]
    with pytest.raises(InvalidInput, match="never taken for a path"):
        model.run([{"video": "film.mp4"}])


def test_models_need_pyav_and_say_so_in_their_requirements() -> None:
    assert "av" in packages_of(FlavorConfig(task=TASK.name))


def test_a_model_with_a_video_processor_is_logged_and_asks_for_torchvision_before_it_runs(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    tiny_pipeline().save_pretrained(checkpoint)
    said = json.loads((checkpoint / "preprocessor_config.json").read_text())
    said["video_processor_type"] = "VideoMAEVideoProcessor"
    (checkpoint / "video_preprocessor_config.json").write_text(json.dumps(said))

    flavor.save_model(checkpoint, tmp_path / "saved")

    assert (tmp_path / "saved/components/video_processor/video_preprocessor_config.json").is_file()
    with pytest.raises(MissingDependency, match="needs the package torchvision, which is not installed") as caught:
        flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu")
    assert caught.value.package == "torchvision"
