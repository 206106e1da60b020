"""The document-question-answering pipeline of transformers, which shows the page to models that look at it."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from transformers import DocumentQuestionAnsweringPipeline as Native
from transformers.image_utils import load_image

from ..errors import MissingDependency
from ..lengths import written_limit

Word = tuple[str, list[int]]

WRITING = ("max_new_tokens", "num_beams", "stopping_criteria")
ANSWER_BEGIN, ANSWER_END = "<s_answer>", "</s_answer>"  # in what Donut writes

# Under which name a model takes the page; LayoutLM takes none, and transformers' own pipeline knows LayoutLMv2's only.
_PAGES = {"layoutlmv2": "image", "layoutlmv3": "pixel_values"}


class DocumentQuestionAnsweringPipeline(Native):
    """A page and a question in, answers out, each with its `boxes`: `pipeline(image, question, word_boxes=[[word, box], …])`.

    transformers' own reads the page with tesseract even where `word_boxes` are given, hands LayoutLMv3 no picture of it, and
    ends in an error of the tokenizer where `doc_stride` leaves no room.
    """

    @property
    def writes(self) -> bool:
        """Whether the model (Donut) writes its answer, rather than find it among the words of the page."""
        return bool(self.model.can_generate())

    @property
    def answer_end_token(self) -> int:
        """The token with which a written answer ends."""
        return int(self.tokenizer.convert_tokens_to_ids(ANSWER_END))

    def read_words(self, image: Any, *, lang: str | None = None) -> list[Word]:
        """Return the words of a page and where they stand.

        Raises MissingDependency when tesseract or its Python package is not installed.
        """
        if find_spec("pytesseract") is None:
            raise _no_tesseract("pytesseract")
        import pytesseract  # heavy, optional
        from transformers.pipelines.document_question_answering import apply_tesseract

        try:
            words, boxes = apply_tesseract(image, lang=lang, tesseract_config="")
        except pytesseract.TesseractNotFoundError as error:
            raise _no_tesseract("tesseract") from error
        return list(zip(words, boxes, strict=True))

    def question_tokens(self, question: str) -> list[tuple[int, int]]:
        """Return where each token of a question begins and ends."""
        backend = self.tokenizer.backend_tokenizer
        backend.no_truncation()  # it keeps how it was last called
        return list(backend.encode(question, add_special_tokens=False).offsets)

    def _sanitize_parameters(
        self, top_k: int | None = None, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        preprocess, forward, postprocess = super()._sanitize_parameters(top_k=top_k, **kwargs)
        written = {name: kwargs[name] for name in WRITING if kwargs.get(name) is not None}
        return preprocess, {**forward, **written}, postprocess

    def preprocess(self, input: dict[str, Any], lang: str | None = None, **kwargs: Any) -> Iterator[dict[str, Any]]:
        """Yield the parts of a page that the model reads at once, each with the picture of the page where the model looks."""
        if self.writes:
            yield from super().preprocess(input, **kwargs)
            return
        image = None if input.get("image") is None else load_image(input["image"], timeout=kwargs.get("timeout"))
        words = input.get("word_boxes")
        if words is None:
            words = self.read_words(image, lang=lang)
        if not words:
            raise ValueError("there is no word on this page")
        read = {"question": input["question"], "word_boxes": words}
        seen = self._seen(image)
        for part in super().preprocess(read, **{**kwargs, "doc_stride": self._overlap(input["question"], kwargs)}):
            yield {**part, **seen, "word_boxes": [box for _, box in words]}

    def _overlap(self, question: str, asked: dict[str, Any]) -> int:
        """The overlap of parts that was asked for, or the usual one, where a part has room for it."""
        size = asked.get("max_seq_len") or self.tokenizer.model_max_length
        room = size - len(self.question_tokens(question)) - self.tokenizer.num_special_tokens_to_add(pair=True)
        wanted = asked.get("doc_stride")
        return max(0, min(min(size // 2, 256) if wanted is None else wanted, room - 1))

    def _seen(self, image: Any) -> dict[str, Any]:
        name = _PAGES.get(self.model.config.model_type)
        processor = self.image_processor or self.feature_extractor
        if image is None or name is None or processor is None:
            return {}
        return {name: processor(images=image, return_tensors="pt", apply_ocr=False)["pixel_values"].to(self.dtype)}

    def _forward(self, model_inputs: dict[str, Any], **generate_kwargs: Any) -> dict[str, Any]:
        boxes = model_inputs.pop("word_boxes", None)
        if self.writes:
            generate_kwargs = self._within_places(generate_kwargs, model_inputs["decoder_input_ids"].shape[1])
        outputs = super()._forward(model_inputs, **generate_kwargs)
        if not self.writes:  # LayoutLMv3 has logits for the pieces of the picture too, behind those of the words
            length = model_inputs["input_ids"].shape[1]
            outputs |= {name: outputs[name][:, :length] for name in ("start_logits", "end_logits")}
        return {**outputs, "word_boxes": boxes}

    def _within_places(self, settings: dict[str, Any], already: int) -> dict[str, Any]:
        """No more tokens than the decoder has places for, behind the question."""
        settings = self._prepare_generate_kwargs(settings)
        if "max_new_tokens" in settings and (limit := written_limit(self)):
            settings["max_new_tokens"] = max(1, min(settings["max_new_tokens"], limit - already))
        return settings

    def postprocess_encoder_decoder_single(self, model_outputs: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """What was written behind the last question; transformers has no answer where it was cut before its end."""
        ids = model_outputs["sequences"][0].tolist()
        begin = self.tokenizer.convert_tokens_to_ids(ANSWER_BEGIN)
        start = len(ids) - ids[::-1].index(begin) if begin in ids else 0
        written = ids[start:]
        end = written.index(self.answer_end_token) if self.answer_end_token in written else len(written)
        return {"answer": self.tokenizer.decode(written[:end], skip_special_tokens=True).strip()}

    def postprocess(self, model_outputs: list[dict[str, Any]], **kwargs: Any) -> list[dict[str, Any]]:
        answers = super().postprocess(model_outputs, **kwargs)
        boxes = model_outputs[0]["word_boxes"]
        if boxes is None:
            return answers
        # Where there are fewer answers than asked for, transformers fills them up with such as end before they start.
        found = [each for each in answers if each["start"] <= each["end"]]
        return [{**each, "boxes": boxes[each["start"] : each["end"] + 1] if each["answer"] else []} for each in found]


def _no_tesseract(package: str) -> MissingDependency:
    return MissingDependency(
        f"Reading the words of a page needs {package}, which is not installed: install tesseract-ocr and pytesseract, "
        "or send word_boxes, the words with their places.",
        package=package,
    )
