"""The automatic-speech-recognition pipeline of transformers, which also knows what its model can and how long a sound may be."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from transformers import AutomaticSpeechRecognitionPipeline as Native
from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

from ..tasks._base import InvalidInput, Row, Sound, Warned
from ..tasks._sounds import window_of
from ..tasks._times import TIMES, Times
from ._hearing import heard

CHUNK_S = 30.0  # of a long sound, for models that would look at all of it at once
MAX_SECONDS_AT_ONCE = 60  # their memory grows with the square of it
MAX_CHUNKS_TOGETHER = 8

_PREFIX_TOKENS = 4  # that Whisper begins with: start, language, task, no timestamps
_WRITING = ("max_new_tokens", "num_beams", "length_penalty", "repetition_penalty", "no_repeat_ngram_size")
_WHISPER = ("return_language", "language", "task", "prompt", "condition_on_prev_tokens")


class Hearing(StrEnum):
    """How a model hears, in the words of transformers."""

    WHISPER = "seq2seq_whisper"
    SEQ2SEQ = "seq2seq"
    CTC = "ctc"
    CTC_WITH_LM = "ctc_with_lm"
    TRANSDUCER = "tdt"


_TIMED: dict[Hearing, tuple[Times, ...]] = {
    Hearing.WHISPER: (Times.SEGMENT, Times.WORD),
    Hearing.CTC: (Times.WORD, Times.CHAR),
    Hearing.CTC_WITH_LM: (Times.WORD,),
    Hearing.TRANSDUCER: (Times.WORD, Times.CHAR),
    Hearing.SEQ2SEQ: (),
}


class AutomaticSpeechRecognitionPipeline(Native):
    """A sound in (samples, a path, the bytes of a file), what was said in it out: called as transformers' own."""

    def preprocess(self, inputs: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        return super().preprocess(heard(inputs, self.feature_extractor.sampling_rate), *args, **kwargs)

    @property
    def hearing(self) -> Hearing:
        return Hearing(self.type)

    @property
    def is_written_at_once(self) -> bool:
        """Whether the model says a letter for every moment, rather than write a text."""
        return self.hearing in (Hearing.CTC, Hearing.CTC_WITH_LM)

    @property
    def settings(self) -> Row:
        """What is so when a call says nothing: by the arguments that the pipeline was made with, else by the model."""
        config = self.model.generation_config.to_diff_dict() if self.model.can_generate() else {}
        made_with = {**self._preprocess_params, **self._forward_params, **self._postprocess_params}
        defaults, said = getattr(self, "_generation_defaults", {}), getattr(self, "_generate_kwargs", {})
        writing = {} if self.is_written_at_once else {**defaults, **config, **said}
        named = {name: writing[name] for name in (*_WRITING[1:], "condition_on_prev_tokens") if name in writing}
        if config.get("is_multilingual"):
            named |= {name: config[name] for name in ("language", "task") if isinstance(config.get(name), str)}
        found = {**named, **made_with}
        if (times := made_with.get(TIMES) or config.get(TIMES)) is not None:
            found[TIMES] = str({True: Times.SEGMENT, False: Times.NONE}.get(times, times))
        return found

    def check(self, params: Row) -> None:
        """Raise InvalidInput naming the parameter that this kind of model cannot follow."""
        self._check_times(params.get(TIMES, Times.NONE))
        if self.hearing is not Hearing.WHISPER:
            _refuse(params, _WHISPER, "only Whisper models have it")
        elif not getattr(self.model.generation_config, "is_multilingual", False):
            _refuse(params, ("language", "task"), "this Whisper knows English only")
        if self.is_written_at_once:
            _refuse(params, _WRITING, "this model (CTC) hears letters and writes no text of its own")
        if self.hearing is Hearing.TRANSDUCER:
            _refuse(params, ("chunk_length_s",), "this model (a transducer) reads long sounds as they are")
        _check_stride(params.get("chunk_length_s"), params.get("stride_length_s"))
        if params.get("language") is not None:
            self._check_language(params["language"])
        if params.get("prompt"):
            self._prompt_tokens(params["prompt"])

    def warnings_of(self, sound: Sound, params: Row) -> list[Warned]:
        """Return what a caller should know of how this sound is read."""
        found = []
        chunk, window = params.get("chunk_length_s"), window_of(self.feature_extractor)
        if chunk and window and chunk * sound.sampling_rate > window:
            heard = window / sound.sampling_rate
            found.append(
                Warned("parameter_limited", f"chunk_length_s is {heard:g}: of {chunk:g} seconds the model hears no more")
            )
        if not chunk and self._is_read_in_pieces(sound.samples):
            found.append(Warned("read_in_pieces", f"{sound.seconds:.0f} seconds were read in pieces of {CHUNK_S:g}"))
        wanted, room = params.get("max_new_tokens"), self._room(params)
        if wanted and room and wanted > room:
            found.append(Warned("output_limited", f"the model writes {room} new tokens at once, not {wanted}"))
        return found

    def arguments_for(self, samples: Any, params: Row) -> Row:
        """Return the arguments of a call for sounds of one length; what they add to `params` keeps long ones from failing."""
        found = {name: value for name, value in params.items() if name != TIMES}
        times, window = params.get(TIMES, Times.NONE), window_of(self.feature_extractor)
        if times != Times.NONE:
            found[TIMES] = True if times == Times.SEGMENT else str(times)
        if chunk := found.get("chunk_length_s"):
            found["ignore_warning"] = True  # it would tell everybody that Whisper rather does without
            found["chunk_length_s"] = min(chunk, window / self.feature_extractor.sampling_rate) if window else chunk
        elif self._is_read_in_pieces(samples):
            found["chunk_length_s"] = CHUNK_S
        elif window and len(samples) > window:
            found.setdefault(TIMES, True)  # by which Whisper finds its way through a long sound
        if found.pop("prompt", None):
            found["prompt_ids"] = self._prompt_ids(params["prompt"])
        if (room := self._room(params)) and "max_new_tokens" in found:
            found["max_new_tokens"] = min(found["max_new_tokens"], room)
        return found | {"batch_size": self._together(found)}

    def _is_read_in_pieces(self, samples: Any) -> bool:
        return self.is_written_at_once and len(samples) > MAX_SECONDS_AT_ONCE * self.feature_extractor.sampling_rate

    def _together(self, arguments: Row) -> int:
        """Sounds, or pieces of one, of a forward pass.

        transformers fails at languages and words of several Whisper hears, and finds letters in the silence behind a last piece.
        """
        window = window_of(self.feature_extractor)
        if arguments.get("return_language") or (window and arguments.get(TIMES) == Times.WORD):
            return 1
        if not arguments.get("chunk_length_s"):
            return int(arguments["batch_size"])
        return MAX_CHUNKS_TOGETHER if window else 1

    def _check_times(self, times: str) -> None:
        if times == Times.NONE:
            return
        able = _TIMED[self.hearing]
        if self.hearing is Hearing.WHISPER and not getattr(self.model.generation_config, "no_timestamps_token_id", None):
            able = ()
        elif self.hearing is Hearing.WHISPER and not getattr(self.model.generation_config, "alignment_heads", None):
            able = (Times.SEGMENT,)
        if times not in able:
            known = ", ".join(("none", *able))
            raise InvalidInput(f"params.{TIMES}", f"params.{TIMES} must be one of {known} for this model, got {str(times)!r}.")

    def _check_language(self, language: str) -> None:
        """A code, a name or a token of a language that the model knows."""
        known = {token.strip("<|>") for token in self.model.generation_config.lang_to_id}
        said = language.lower().strip("<|>")
        if TO_LANGUAGE_CODE.get(said, said) not in known:
            codes = ", ".join(sorted(known))
            raise InvalidInput(
                "params.language", f"params.language must be one that this model knows, got {language!r}: {codes}."
            )

    def _prompt_tokens(self, prompt: str) -> Any:
        try:
            return self.tokenizer.get_prompt_ids(prompt, return_tensors="pt")
        except ValueError as error:
            raise InvalidInput("params.prompt", f"params.prompt has a mark of the model's own in it: {error}") from error

    def _prompt_ids(self, prompt: str) -> Any:
        """The prompt's last tokens, as many as the model reads, behind the one that begins it."""
        ids = self._prompt_tokens(prompt)
        most = self.model.config.max_target_positions // 2 - 1
        return (ids if len(ids) <= most else ids[[0, *range(len(ids) - most + 1, len(ids))]]).to(self.device)

    def _room(self, params: Row) -> int | None:
        """Tokens that Whisper can write at once, behind what it begins with."""
        if self.hearing is not Hearing.WHISPER:
            return None
        prompt = len(self._prompt_ids(params["prompt"])) if params.get("prompt") else 0
        return int(self.model.config.max_target_positions) - _PREFIX_TOKENS - prompt


def _check_stride(chunk: float | None, stride: float | None) -> None:
    name = "params.stride_length_s"
    if stride is not None and not chunk:
        raise InvalidInput(name, f"{name} needs chunk_length_s; give both or leave it out.")
    if stride is not None and chunk and 2 * stride >= chunk:
        raise InvalidInput(name, f"{name} must be under half of chunk_length_s, {chunk / 2:g}, got {stride:g}.")


def _refuse(params: Row, names: tuple[str, ...], reason: str) -> None:
    for name in names:
        if params.get(name) not in (None, False):
            raise InvalidInput(f"params.{name}", f"params.{name} means nothing here: {reason}; leave it out.")
