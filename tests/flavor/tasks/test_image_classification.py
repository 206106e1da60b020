from io import BytesIO

import numpy
import pytest
import torch
from PIL import Image
from transformers import Pipeline

from flavor.pyfunc import PyfuncModel
from flavor.tasks import InvalidInput, get_task
from tests import tiny_models

torch.set_num_threads(1)
TASK = get_task("image-classification")
PARAMS: dict = {"top_k": 3}


def picture(color: str = "red", size: tuple[int, int] = (20, 12)) -> Image.Image:
    return Image.new("RGB", size, color)


def png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


NOTHING = {"image": png(Image.new("L", (1, 1)))}


def tiny_pipeline() -> Pipeline:
    return tiny_models.image_classification()


@pytest.fixture(scope="module")
def model() -> PyfuncModel:
    return PyfuncModel(TASK, tiny_pipeline())


def test_one_image_gives_label_rows_best_first_as_the_pipeline_does(model: PyfuncModel) -> None:
    native = tiny_pipeline()(picture())
    assert model.run([{"image": png(picture())}])[0].records == native
    assert len(native) == 5


def test_bytes_pictures_and_arrays_are_the_same_image(model: PyfuncModel) -> None:
    values = [png(picture()), picture(), numpy.asarray(picture())]
    answers = [model.run([{"image": value}])[0].records for value in values]
    assert answers[0] == answers[1] == answers[2]


def test_all_labels_on_demand(model: PyfuncModel) -> None:
    assert len(model.run([{"image": picture()}], {"top_k": 0})[0].records) == 10


def test_images_are_counted(model: PyfuncModel) -> None:
    assert model.run([{"image": picture()}])[0].usage == {"input_tokens": 0, "output_tokens": 0, "images": 1}


@pytest.mark.parametrize("value", ["https://example.org/cat.png", "/etc/passwd", "cat.png"])
def test_a_text_is_never_opened(model: PyfuncModel, value: str) -> None:
    with pytest.raises(InvalidInput, match="never taken for a path") as caught:
        model.run([{"image": value}])
    assert caught.value.field == "image"


def test_one_bad_image_does_not_spoil_its_neighbours(model: PyfuncModel) -> None:
    rows = [{"image": png(picture())}, {"image": b"not an image"}, {"image": png(picture("blue"))}]
    results = model.run(rows, on_error="row")
    assert [result.error and (result.error["code"], result.error["field"]) for result in results] == [
        None,
        ("invalid-input", "image"),
        None,
    ]
    assert len(results[2].records) == 5


def test_stock_gets_a_column_per_rank() -> None:
    frame = PyfuncModel(TASK, tiny_pipeline(), output="stock").predict([png(picture())])
    assert frame.shape == (1, 5)
    assert set(frame.iloc[0, 0]) == {"label", "score"}
