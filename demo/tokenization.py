"""Tokenizers trained on the demo data itself."""

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertTokenizer, PreTrainedTokenizerFast

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LONGEST = 96  # tokens of one text; what is longer is cut


def train_word_pieces(texts: Iterable[str], *, size: int, lowercase: bool) -> BertTokenizer:
    """Return a WordPiece tokenizer of at most `size` pieces that falls back to letters for unknown words."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=60))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    alphabet = [chr(code) for code in range(33, 127)] + list("äöüßéèêëáàâãåæçíìîïñóòôõøúùûýÄÖÜÉÁÅÇÓØłşğıčšžŁŞČŠŽ€£–—’“”")
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False, min_frequency=2
    )
    # Every letter also as a continuation, else a word with a rare letter becomes [UNK] as a whole.
    tokenizer.train_from_iterator([*texts, *("aa" + letter for letter in alphabet for _ in range(2))], trainer)
    return _bert_tokenizer(tokenizer.get_vocab(), lowercase=lowercase)


def add_whole_words(tokenizer: BertTokenizer, words: Iterable[str], *, lowercase: bool) -> BertTokenizer:
    """Return a tokenizer that also knows `words` as one piece each; the other pieces keep their numbers."""
    vocabulary = dict(tokenizer.get_vocab())
    for word in words:
        vocabulary.setdefault(word, len(vocabulary))
    return _bert_tokenizer(vocabulary, lowercase=lowercase)


def _bert_tokenizer(vocabulary: dict[str, int], *, lowercase: bool) -> BertTokenizer:
    return BertTokenizer(vocab=vocabulary, do_lower_case=lowercase, model_max_length=LONGEST)


def train_byte_pairs(texts: Iterable[str], *, size: int, special: list[str], **fields: object) -> PreTrainedTokenizerFast:
    """Return a byte-level BPE tokenizer; it knows every character, and adds no special tokens by itself."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **fields)
