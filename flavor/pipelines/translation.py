"""The translation pipeline of transformers 4, which transformers 5 no longer has."""

import re
from typing import Any

from .text2text_generation import Text2TextGenerationPipeline

_CODE = re.compile(r"([a-z]{2,3}_[A-Z][A-Za-z]{1,3})|__([a-z]{2,3})__")
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
        source, target = _code(self.tokenizer, "src_lang", src_lang), _code(self.tokenizer, "tgt_lang", tgt_lang)
        return dict(build(text, return_tensors="pt", truncation=truncation, src_lang=source, tgt_lang=target))


def languages_of(tokenizer: Any) -> list[str]:
    """Return the codes that a tokenizer of several languages has for them, such as en_XX, eng_Latn or en."""
    table = getattr(tokenizer, "lang_code_to_id", None)
    if table:
        return list(table)
    found = (_CODE.fullmatch(token) for token in tokenizer.all_special_tokens)
    return [each[1] or each[2] for each in found if each]


def _code(tokenizer: Any, name: str, said: str | None) -> str:
    """Return the tokenizer's own code of a language; `en` stands for `en_XX` where only one begins so.

    Raises ValueError naming the codes there are, rather than translate from or into the unknown token.
    """
    known = languages_of(tokenizer)
    if said is None:
        raise ValueError(f"{name} is missing and this model has several languages; say one of {_listed(known)}")
    fits = [said] if said in known else [code for code in known if code.partition("_")[0] == said]
    if len(fits) != 1:
        raise ValueError(f"{name} {said!r} is no language of this model; it has {_listed(known)}")
    return fits[0]


def _listed(codes: list[str]) -> str:
    shown = ", ".join(codes[:40])
    return f"{shown} and {len(codes) - 40} more" if len(codes) > 40 else shown
