"""The translation pipeline of transformers 4, which transformers 5 no longer has."""

import re
from typing import Any

from .text2text_generation import Text2TextGenerationPipeline

_LANGUAGES = re.compile(r"translation_([^_]+)_to_([^_]+)")


class TranslationPipeline(Text2TextGenerationPipeline):
    """A text in, the same in another language out: `pipeline("…")` returns `[{"translation_text": "…"}]`.

    A task such as `translation_en_to_fr` says the languages; tokenizers of several languages are told them.
    """

    return_name = "translation_text"

    def _sanitize_parameters(  # type: ignore[override]  # called with names only
        self, src_lang: str | None = None, tgt_lang: str | None = None, **kwargs: Any
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        preprocess, forward, postprocess = super()._sanitize_parameters(**kwargs)
        if src_lang is None and tgt_lang is None and (said := _LANGUAGES.fullmatch(self.task or "")):
            src_lang, tgt_lang = said.groups()
        languages = {"src_lang": src_lang, "tgt_lang": tgt_lang}
        return {**preprocess, **{name: code for name, code in languages.items() if code is not None}}, forward, postprocess

    def preprocess(
        self, text: str, truncation: Any = False, src_lang: str | None = None, tgt_lang: str | None = None
    ) -> dict[str, Any]:
        """Return what the encoder reads, and by which token the decoder is to begin, where the model has several languages."""
        build = getattr(self.tokenizer, "_build_translation_inputs", None)
        if build is None:
            return super().preprocess(text, truncation=truncation)
        _check_language(self.tokenizer, "src_lang", src_lang)
        _check_language(self.tokenizer, "tgt_lang", tgt_lang)
        return dict(build(text, return_tensors="pt", truncation=truncation, src_lang=src_lang, tgt_lang=tgt_lang))


def _check_language(tokenizer: Any, name: str, code: str | None) -> None:
    """Raise ValueError naming the codes there are, rather than what tokenizers make of one they do not know."""
    known = list(getattr(tokenizer, "lang_code_to_id", None) or getattr(tokenizer, "additional_special_tokens", ()) or ())
    if code is None:
        raise ValueError(f"{name} is missing and this model has several languages; say one of {', '.join(known[:20])}")
    if known and code not in known and f"__{code}__" not in known:
        raise ValueError(f"{name} {code!r} is no language of this model; it has {', '.join(known[:20])}")
