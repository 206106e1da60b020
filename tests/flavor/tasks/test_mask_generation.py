import json
from pathlib import Path

import numpy
import pytest
import torch
import transformers
from transformers import Pipeline
from transformers.models.sam.image_processing_pil_sam import _rle_to_mask

import flavor
from flavor.errors import MissingDependency
from flavor.pipelines.mask_generation import best_boxes, mask_of
from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_vision
from tests.tiny_vision import noise

torch.set_num_threads(1)
TASK = get_task("mask-generation")
PARAMS: dict = {"points_per_crop": 3, "pred_iou_thresh": 0.0, "stability_score_thresh": 0.0}
NOTHING = {"image": noise(4, 4)}


def tiny_pipeline() -> Pipeline:
    return tiny_vision.mask_generation()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def test_masks_have_scores_boxes_and_areas_best_first_without_torchvision(model: PyfuncModel) -> None:
    found = tiny_pipeline()(noise(), **PARAMS, output_bboxes_mask=True)
    records = model.run([{"image": noise()}], PARAMS)[0].records
    assert len(records) == len(found["masks"]) > 0
    for record, mask, score, box in zip(records, found["masks"], found["scores"], found["bounding_boxes"], strict=True):
        assert numpy.array_equal(numpy.asarray(record["mask"]) > 0, mask)
        assert record["mask"].size == (40, 30)
        assert record["score"] == pytest.approx(float(score))
        assert list(record["box"].values()) == box.int().tolist()
        assert record["area"] == pytest.approx(mask.mean())
    scores = [record["score"] for record in records]
    assert scores == sorted(scores, reverse=True)


def test_transformers_own_pipeline_asks_for_torchvision_at_the_end_of_its_work() -> None:
    ours = tiny_pipeline()
    native = transformers.MaskGenerationPipeline(model=ours.model, image_processor=ours.image_processor, device="cpu")
    with pytest.raises(ImportError, match="Torchvision"):
        native(noise(), **PARAMS)


def test_a_better_mask_takes_the_place_of_those_it_overlaps() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30], [0, 0, 10, 11], [20, 20, 20, 20]])
    scores = torch.tensor([0.5, 0.9, 0.7, 0.6, 0.1])
    assert best_boxes(boxes, scores, 0.7) == [
        1,
        2,
        4,
    ]
    assert best_boxes(boxes, scores, 0.95) == [1, 2, 3, 0, 4]
    assert best_boxes(boxes[:0], scores[:0], 0.7) == []


@pytest.mark.parametrize("counts", [[12], [0, 12], [3, 4, 5], [0, 1, 11]])
def test_runs_become_masks_as_in_transformers(counts: list[int]) -> None:
    runs = {"size": [3, 4], "counts": counts}
    assert numpy.array_equal(mask_of(runs), _rle_to_mask(runs))


def test_run_lengths_on_demand_tell_the_same_mask(model: PyfuncModel) -> None:
    records = model.run([{"image": noise()}], {**PARAMS, "output_rle_mask": True})[0].to_json()["records"]
    assert all(sum(each["rle"]["counts"]) == 40 * 30 and each["rle"]["size"] == [30, 40] for each in records)


def test_an_image_without_good_masks_gives_an_empty_list(model: PyfuncModel) -> None:
    assert model.run([{"image": noise()}], {"points_per_crop": 3, "pred_iou_thresh": 1})[0].records == []


def test_parts_are_looked_at_closely_on_demand(model: PyfuncModel) -> None:
    params = {**PARAMS, "crops_n_layers": 1, "points_per_batch": 5}
    assert len(model.run([{"image": noise()}], params)[0].records) > 0


def test_a_model_whose_image_processor_needs_torchvision_is_logged_and_says_so_before_it_runs(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    tiny_pipeline().save_pretrained(checkpoint)
    settings = checkpoint / "preprocessor_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "image_processor_type": "Sam2ImageProcessor"}))
    flavor.save_model(checkpoint, tmp_path / "saved")
    with pytest.raises(MissingDependency, match="needs the package torchvision, which is not installed") as caught:
        flavor.load_pyfunc_model(str(tmp_path / "saved"), device="cpu")
    assert caught.value.package == "torchvision"


@pytest.mark.parametrize("name", ["max_hole_area", "max_sprinkle_area"])
def test_what_the_model_does_not_take_is_refused_before_it_runs(model: PyfuncModel, name: str) -> None:
    with pytest.raises(InvalidInput, match="not taken") as caught:
        model.run([{"image": noise()}], {**PARAMS, name: 3})
    assert caught.value.field == f"params.{name}"
