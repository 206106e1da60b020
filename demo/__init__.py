"""Small real models, trained here and offline, that fill an empty registry. Importing this costs nothing (no torch)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Demo:
    """One demo model: the module `demo.<module>` says how it is made; `base` is the demo it builds upon."""

    name: str
    title: str
    module: str
    registered_model: str
    alias: str
    trains_s: int  # on one core to itself
    base: str | None = None


# The one that takes longest begins first, beside the quickest.
DEMOS: tuple[Demo, ...] = (
    Demo(
        "storyteller", "Storyteller: chats about this registry and makes up stories", "storyteller", "storyteller", "champion", 75
    ),
    Demo("digits", "Digits: handwritten digits, by a small residual network", "digits", "digits", "champion", 30),
    Demo("sentiment", "Sentiment: the mood of a sentence", "sentiment", "sentiment", "champion", 45),
    Demo("entities", "Entities: people, places, organisations and dates", "entities", "entities", "champion", 40),
    Demo("translator", "Translator: simple English sentences into French", "translator", "translator", "champion", 50),
    Demo("answers", "Answers: questions about a short text", "answers", "answers", "champion", 40),
    Demo("sounds", "Sounds: birdsong, sirens, drums and the like, by their spectrograms", "sounds", "sounds", "champion", 40),
    Demo(
        "sentiment-lora",
        "Sentiment, version 2: a LoRA adapter for turned phrases",
        "sentiment_lora",
        "sentiment",
        "challenger",
        25,
        "sentiment",
    ),
    Demo("scenes", "Scenes: what each part of a drawn landscape shows", "scenes", "scenes", "champion", 35),
)


def get_demo(name: str) -> Demo:
    """Return the demo called `name`. Raises ValueError naming the demos there are."""
    for demo in DEMOS:
        if demo.name == name:
            return demo
    raise ValueError(f"There is no demo {name!r}; use one of: {', '.join(demo.name for demo in DEMOS)}.")
