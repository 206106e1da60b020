"""Zero-shot audio classification: one sound and labels to choose from, to scored labels."""

from typing import Any

from ._base import Display, Field, Kind, Row, Task, Warned
from ._candidate_labels import LABELS, LABELS_FIELD, check_template, cut_labels, template_param
from ._example_sounds import DOORBELL
from ._label_scores import rows_of_labels
from ._sounds import AUDIO, audio_field, call_alike, cut, window_of

_BY_CHANCE = "rand_trunc"  # a feature extractor that hears some part of a long sound, whichever it draws


class ZeroShotAudioClassification(Task):
    name = "zero-shot-audio-classification"
    title = "Zero-shot audio classification"
    summary = "Says which of your labels fit a sound, without having been trained on them."
    modality = "audio"
    pipeline = "..pipelines.zero_shot_audio_classification:ZeroShotAudioClassificationPipeline"
    auto_model = "AutoModel"
    architecture_suffixes = ("ClapModel",)
    components = ("tokenizer", "feature_extractor")

    inputs = (audio_field("The sound to classify."), LABELS_FIELD)
    outputs = (
        Field("label", Kind.TEXT, "One of the candidate labels."),
        Field("score", Kind.NUMBER, "How well it fits, 0 to 1; the scores add up to 1."),
    )
    params = (template_param("This is a sound of {}."),)
    example = {AUDIO: DOORBELL, LABELS: ["a doorbell", "a barking dog", "rain on a roof"]}
    display = Display.LABELS

    def check_model(self, pipeline: Any, params: Row) -> None:
        check_template(params)

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        """What would be heard in part is heard from its beginning."""
        extractor = pipeline.feature_extractor
        is_by_chance = getattr(extractor, "truncation", None) == _BY_CHANCE
        sound, warnings = cut(row[AUDIO], window_of(extractor) if is_by_chance else None)
        return {**row, AUDIO: sound}, [*warnings, *cut_labels(pipeline.tokenizer, row[LABELS], params)]

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N pairs of samples and labels."""
        return [(row[AUDIO].samples, tuple(row[LABELS])) for row in rows]

    def call_params(self, params: Row) -> Row:
        return {**params, "tokenizer_kwargs": {"truncation": True}}

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        """One call for each set of labels, and of those one for each length: the pipeline takes one set for all its sounds."""
        extractor = pipeline.feature_extractor
        found: dict[int, Any] = {}
        for labels in dict.fromkeys(labels for _, labels in inputs):
            places = [place for place, (_, own) in enumerate(inputs) if own == labels]
            answers = call_alike(
                pipeline,
                [inputs[place][0] for place in places],
                {**arguments, "candidate_labels": list(labels)},
                samples_of=lambda samples: samples,
                window=window_of(extractor),
                sampling_rate=extractor.sampling_rate,
            )
            found |= dict(zip(places, answers, strict=True))
        return [found[place] for place in range(len(inputs))]

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of label rows, best first."""
        return rows_of_labels(raw)


TASK = ZeroShotAudioClassification()
