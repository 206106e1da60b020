"""The text2text-generation pipeline of transformers 4, which transformers 5 no longer has."""

from typing import Any

from transformers import GenerationConfig, Pipeline

RETURN_TEXT = "text"
RETURN_TENSORS = "tensors"


class Text2TextGenerationPipeline(Pipeline):
    """A text in, another out: `pipeline("question: …")` returns `[{"generated_text": "…"}]`, a list of texts a list of dicts."""

    _pipeline_calls_generate = True
    _load_processor = False
    _load_image_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True
    _default_generation_config = GenerationConfig(max_new_tokens=256, num_beams=4)

    return_name = "generated_text"

    def __init__(self, model: Any, *args: Any, task: str = "", **kwargs: Any) -> None:
        said = task_settings(model.config, task)
        prefix = said.pop("prefix", None)
        super().__init__(model, *args, task=task, **{**said, **kwargs})
        if prefix is not None:
            self.prefix = prefix

    def _sanitize_parameters(
        self,
        return_tensors: bool | None = None,
        return_text: bool | None = None,
        return_type: str | None = None,
        clean_up_tokenization_spaces: bool | None = None,
        truncation: Any = None,
        **generate_kwargs: Any,
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        preprocess = {} if truncation is None else {"truncation": truncation}
        postprocess: dict[str, Any] = {}
        if return_type is not None or return_tensors is not None:
            postprocess["return_type"] = return_type or (RETURN_TENSORS if return_tensors else RETURN_TEXT)
        if clean_up_tokenization_spaces is not None:
            postprocess["clean_up_tokenization_spaces"] = clean_up_tokenization_spaces
        return preprocess, generate_kwargs, postprocess

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = super().__call__(*args, **kwargs)
        if args and isinstance(args[0], list) and all(len(each) == 1 for each in found):
            return [each[0] for each in found]
        return found

    def preprocess(self, text: str, truncation: Any = False) -> dict[str, Any]:
        """Return what the encoder reads: the task's prefix and the text as token ids."""
        inputs = dict(self.tokenizer((self.prefix or "") + text, truncation=truncation, return_tensors="pt", verbose=False))
        inputs.pop("token_type_ids", None)  # some tokenizers write them, and no `generate` reads them
        return inputs

    def _forward(self, model_inputs: dict[str, Any], **generate_kwargs: Any) -> dict[str, Any]:
        rows = model_inputs["input_ids"].shape[0]
        ids = self.model.generate(**model_inputs, **self._prepare_generate_kwargs(generate_kwargs, return_dict_in_generate=False))
        return {"output_ids": ids.reshape(rows, ids.shape[0] // rows, *ids.shape[1:])}

    def postprocess(
        self, model_outputs: dict[str, Any], return_type: str = RETURN_TEXT, clean_up_tokenization_spaces: bool = False
    ) -> list[dict[str, Any]]:
        sequences = model_outputs["output_ids"][0]
        if return_type == RETURN_TENSORS:
            return [{self.return_name.replace("_text", "_token_ids"): ids} for ids in sequences]
        cleaned = {"skip_special_tokens": True, "clean_up_tokenization_spaces": clean_up_tokenization_spaces}
        return [{self.return_name: self.tokenizer.decode(ids, **cleaned)} for ids in sequences]


def task_settings(config: Any, task: str) -> dict[str, Any]:
    """Return a copy of what a configuration says about one task: a prefix, and parameters of `generate`.

    transformers 4 read them (`task_specific_params`, as T5 and BART have them); 5 keeps them and reads them no more.
    """
    return dict((getattr(config, "task_specific_params", None) or {}).get(task) or {})
