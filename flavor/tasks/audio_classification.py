"""Audio classification: one sound to scored labels."""

from typing import Any

from ._base import Display, Row, Task, Warned
from ._example_sounds import DOORBELL
from ._label_scores import ALL_LABELS, LABEL_OUTPUTS, LABEL_PARAMS, function_of, rows_of_labels
from ._sounds import AUDIO, audio_field, call_alike, cut, long_enough, window_of

# Models of speech whose heads are called as those of texts are.
_SPEECH = ("Wav2Vec2", "Wav2Vec2Bert", "Wav2Vec2Conformer", "Hubert", "WavLM", "UniSpeech", "UniSpeechSat", "SEW", "SEWD")


class AudioClassification(Task):
    name = "audio-classification"
    title = "Audio classification"
    summary = "Gives a sound labels with scores."
    modality = "audio"
    pipeline = "..pipelines.audio_classification:AudioClassificationPipeline"
    auto_model = "AutoModelForAudioClassification"
    architecture_suffixes = (
        "ForAudioClassification",
        *(f"{name}ForSequenceClassification" for name in (*_SPEECH, "Data2VecAudio")),
    )
    components = ("feature_extractor",)

    inputs = (audio_field("The sound to classify."),)
    outputs = LABEL_OUTPUTS
    params = LABEL_PARAMS
    stock_outputs = LABEL_OUTPUTS[::-1]
    example = {AUDIO: DOORBELL}
    display = Display.LABELS

    def fitted(self, row: Row, params: Row, pipeline: Any) -> tuple[Row, list[Warned]]:
        sound, warnings = cut(row[AUDIO], window_of(pipeline.feature_extractor))
        return {**row, AUDIO: long_enough(sound, pipeline)}, warnings

    def to_pipeline(self, rows: list[Row], params: Row) -> list[Any]:
        """N rows to N arrays of samples at the model's rate."""
        return [row[AUDIO].samples for row in rows]

    def call_params(self, params: Row) -> Row:
        return {**params, "top_k": None if params["top_k"] == ALL_LABELS else params["top_k"]}

    def call(self, pipeline: Any, inputs: list[Any], arguments: Row) -> list[Any]:
        extractor = pipeline.feature_extractor
        window, rate = window_of(extractor), extractor.sampling_rate
        return call_alike(pipeline, inputs, arguments, samples_of=lambda samples: samples, window=window, sampling_rate=rate)

    def model_defaults(self, pipeline: Any) -> Row:
        return function_of(pipeline.model.config)

    def from_pipeline(self, raw: list[Any]) -> list[list[Row]]:
        """N raw results to N lists of label rows, best first."""
        return rows_of_labels(raw)

    def to_stock(self, results: list[list[Row]]) -> list[Any]:
        """Stock's frame: score and label, one line per label of one sound; of several sounds, one column per rank."""
        turned = [[{"score": each["score"], "label": each["label"]} for each in labels] for labels in results]
        return turned[0] if len(turned) == 1 else turned


TASK = AudioClassification()
