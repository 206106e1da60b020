"""The summarization pipeline of transformers 4, which transformers 5 no longer has."""

from .text2text_generation import Text2TextGenerationPipeline


class SummarizationPipeline(Text2TextGenerationPipeline):
    """A long text in, a short one out: `pipeline("…")` returns `[{"summary_text": "…"}]`."""

    return_name = "summary_text"
