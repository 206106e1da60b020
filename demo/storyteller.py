"""Storyteller: a tiny Llama trained from scratch on short dialogues; it chats about this registry and makes up stories."""

import random
from collections import defaultdict
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from transformers import DataCollatorForSeq2Seq, GenerationConfig, LlamaConfig, LlamaForCausalLM

from .cards import CardText, Figure, write_card
from .grammar import DATA, Grammar, Section
from .recipe import Example, Figures, Recipe, Schedule
from .tokenization import train_byte_pairs

TASK = "text-generation"
LONGEST = 256  # tokens of a conversation
OPENING = 12  # characters that tell answers apart

PAD, USER, ASSISTANT, END = "<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'assistant' -%}" + ASSISTANT + "{%- else -%}" + USER + "{%- endif -%}"
    "{{ message['content'] | trim }}" + END + "{%- endfor -%}"
    "{%- if add_generation_prompt -%}" + ASSISTANT + "{%- endif -%}"
)
# Around a text it makes a page to go on with; in a chat it stands around the last message. The model is trained on both.
PROMPT_TEMPLATE = "Question: {prompt}\nAnswer:\n"


class Turn(NamedTuple):
    """A question, its answer, and the number of the block they come from."""

    question: str
    answer: str
    block: int


def prepare(*, dialogues: int = 5500, held_out_dialogues: int = 300) -> Recipe:
    """Compose the dialogues, train the tokenizer and return the untrained model with all that its training needs."""
    training = compose(dialogues, seed=1)
    held_out = compose(held_out_dialogues, seed=2, held_out=True)
    tokenizer = train_byte_pairs(
        (f"{turn.question}\n{turn.answer}" for turn in training),
        size=2000,
        special=[PAD, USER, ASSISTANT, END],
        pad_token=PAD,
        eos_token=END,
        chat_template=CHAT_TEMPLATE,
        model_max_length=LONGEST,
        clean_up_tokenization_spaces=False,
    )
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=192,
            intermediate_size=384,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=LONGEST,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    model.generation_config = GenerationConfig(
        max_new_tokens=120,
        do_sample=True,
        temperature=0.5,
        top_k=20,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )

    def measure() -> Figures:
        return {
            "held_out_right_answers": right_answers(model, tokenizer, held_out[:120]),
            "held_out_perplexity": perplexity(model, tokenizer, held_out),
        }

    return Recipe(
        task=TASK,
        model=model,
        processor=tokenizer,
        examples=encode(tokenizer, training),
        held_out=encode(tokenizer, held_out),
        collate=DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=-100),
        schedule=Schedule(epochs=3, batch_size=16, learning_rate=3e-3),
        measure=measure,
        card=lambda figures: write_card(CARD, figures),
        input_example=[{"role": "user", "content": "Tell me a story about a fox"}],
        prompt_template=PROMPT_TEMPLATE,
    )


def read_dialogues() -> tuple[Grammar, int]:
    """Return a grammar with one section for each block of the dialogue file, and how many blocks there are."""
    grammar = Grammar.read("storyteller.txt")
    blocks = (DATA / "storyteller_dialogues.txt").read_text(encoding="utf-8").split("\n\n")
    blocks = [block for block in blocks if "? " in block]
    for number, block in enumerate(blocks):
        grammar.sections[f"block_{number}"] = _section(block.splitlines())
    return grammar, len(blocks)


def _section(lines: list[str]) -> Section:
    answers = [line[2:] for line in lines if line.startswith("! ")]
    asked = [line[2:] for line in lines if line.startswith("? ")]
    kept_back = [line[3:] for line in lines if line.startswith("~? ")]
    return Section(
        [f"{ask}\t{answer}" for ask in asked for answer in answers],
        [f"{ask}\t{answer}" for ask in kept_back for answer in answers],
    )


def compose(count: int, *, seed: int, held_out: bool = False) -> list[Turn]:
    """Return `count` turns; held-out ones ask in words, or about an animal, that no training turn has."""
    grammar, blocks = read_dialogues()
    dice = random.Random(seed)
    turns = []
    for index in range(count):
        block = index % blocks if held_out else _any_block(grammar, blocks, dice)
        text = "".join(piece.text for piece in grammar.pieces(f"block_{block}", dice, held_out=held_out))
        question, answer = text.split("\t")
        turns.append(Turn(_a_or_an(question), _a_or_an(answer), block))
    return turns


def _any_block(grammar: Grammar, blocks: int, dice: random.Random) -> int:
    """Choose a block; those with many ways to ask and to answer come more often."""
    weights = [len(grammar.sections[f"block_{number}"].training) + 6 for number in range(blocks)]
    return dice.choices(range(blocks), weights)[0]


def _a_or_an(text: str) -> str:
    words = text.split(" ")
    for index, (word, following) in enumerate(pairwise(words)):
        if word in ("a", "A") and following[0] in "aeio":
            words[index] += "n"
    return " ".join(words)


def encode(tokenizer: Any, turns: list[Turn]) -> list[Example]:
    """Return token ids; only the answers are learned, the questions are given.

    Every fourth has a turn before it; half of the questions stand in the prompt template, some of these outside of any chat.
    """
    dice = random.Random(4)
    examples = []
    for index, turn in enumerate(turns):
        before = [dice.choice(turns)] if index % 4 == 0 else []
        is_templated = index % 2 == 1
        examples.append(
            _encode_one(tokenizer, before, turn, is_templated=is_templated, is_chat=not is_templated or index % 3 > 0)
        )
    return examples


def _encode_one(tokenizer: Any, before: list[Turn], turn: Turn, *, is_templated: bool = False, is_chat: bool = True) -> Example:
    ids: list[int] = []
    labels: list[int] = []
    for each in [*before, turn]:
        question = PROMPT_TEMPLATE.format(prompt=each.question) if is_templated and each is turn else each.question
        asked = tokenizer(USER + question.strip() + END + ASSISTANT if is_chat else question)["input_ids"]
        answered = tokenizer(each.answer + END)["input_ids"]
        ids += asked + answered
        labels += [-100] * len(asked) + answered
    return {"input_ids": ids[-LONGEST:], "labels": labels[-LONGEST:]}


def answer(model: Any, tokenizer: Any, question: str, **options: Any) -> str:
    """Return the answer to one message of a chat, in the prompt template as it is served; the most likely one unless told otherwise."""
    message = {"role": "user", "content": PROMPT_TEMPLATE.format(prompt=question)}
    text = tokenizer.apply_chat_template([message], tokenize=False, add_generation_prompt=True)
    asked = tokenizer(text, return_tensors="pt", return_token_type_ids=False)
    model.eval()
    with torch.no_grad():
        ids = model.generate(**asked, **({"do_sample": False, "temperature": None, "top_k": None} | options))
    return str(tokenizer.decode(ids[0, asked["input_ids"].shape[1] :], skip_special_tokens=True))


def right_answers(model: Any, tokenizer: Any, turns: list[Turn]) -> float:
    """Return the share of questions whose answer begins as an answer of their block does."""
    openings: dict[int, set[str]] = defaultdict(set)
    for turn in compose(12_000, seed=9):
        openings[turn.block].add(turn.answer[:OPENING])
    answers = [answer(model, tokenizer, turn.question, max_new_tokens=10) for turn in turns]
    return sum(text[:OPENING] in openings[turn.block] for text, turn in zip(answers, turns, strict=True)) / len(turns)


def perplexity(model: Any, tokenizer: Any, turns: list[Turn]) -> float:
    """Return the perplexity of the answers."""
    model.eval()
    loss, tokens = 0.0, 0
    for turn in turns:
        example = _encode_one(tokenizer, [], turn, is_templated=True)
        labels = torch.tensor([example["labels"]])
        with torch.no_grad():
            mean = model(input_ids=torch.tensor([example["input_ids"]]), labels=labels).loss.item()
        count = int((labels[:, 1:] != -100).sum())
        loss, tokens = loss + mean * count, tokens + count
    return float(torch.tensor(loss / tokens).exp())


CARD = CardText(
    name="storyteller",
    title="Storyteller",
    task=TASK,
    task_title="Text generation",
    summary=(
        "Chats about this registry, makes up stories and poems about animals and knows a few jokes. A Llama with two layers and about "
        "a million parameters, trained from scratch on this machine in about a minute."
    ),
    data=(
        "About 5,500 dialogues of one or two turns, composed from hand-written questions, answers and story phrases "
        "(`demo/data/storyteller*.txt`, CC0). Held-out questions ask in words, or about animals, that no training dialogue has."
    ),
    use=(
        "It has a **chat template** for conversations and a **prompt template** that turns a plain text into a question to be answered.\n\n"
        '```python\nimport flavor\n\nchat = flavor.load_model("models:/storyteller@champion")\n'
        'chat([{"role": "user", "content": "What is an alias?"}])\n```'
    ),
    limits="It knows what it was told and nothing else. Ask it about the world and it says that this is beyond a model of its size, or makes something up.",
    figures=(
        Figure("held_out_right_answers", "questions asked in unseen words", "demo-storyteller"),
        Figure("held_out_perplexity", "answers to unseen questions", "demo-storyteller", "perplexity"),
    ),
    tags=("conversational", "llama", "chat", "trained-from-scratch"),
    widget=(
        {"messages": [{"role": "user", "content": "Tell me a story about a fox"}]},
        {"messages": [{"role": "user", "content": "What is an alias?"}]},
        {"messages": [{"role": "user", "content": "Tell me a joke"}]},
        {"messages": [{"role": "user", "content": "Write a poem about an owl"}]},
        {"messages": [{"role": "user", "content": "How do I log a model?"}]},
    ),
)
