"""What the tutorials' small models learn: a wood with animals in it, people who say their names, and French for a house."""

from itertools import product

ANIMALS = {
    "fox": ("Red", "in a den", "berries"),
    "owl": ("Hoot", "in an oak", "mice"),
    "bear": ("Bruno", "in a cave", "honey"),
    "hare": ("Quick", "in a field", "grass"),
}
PEOPLE = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn")
GREETINGS = ("My name is {}.", "Hello, I am {}.")
ASK_NAME = "What is my name?"

# A thing in English, in French with its article, and whether it is feminine there.
THINGS = {
    "house": ("la maison", True),
    "garden": ("le jardin", False),
    "door": ("la porte", True),
    "dog": ("le chien", False),
    "table": ("la table", True),
    "cat": ("le chat", False),
}
ADJECTIVES = {"small": ("petit", "petite"), "big": ("grand", "grande"), "green": ("vert", "verte"), "old": ("vieux", "vieille")}

Chat = list[dict[str, str]]

_QUESTIONS = [
    question
    for animal, (_, place, food) in ANIMALS.items()
    for question in (
        (f"Where does the {animal} live?", f"The {animal} lives {place}."),
        (f"What does the {animal} eat?", f"The {animal} eats {food}."),
    )
]


def stories() -> list[str]:
    """Texts to continue: stories, and questions in the form `Q: …` and `A: …`."""
    told = []
    for animal, (name, place, food) in ANIMALS.items():
        told += [
            f"Once upon a time, there was a {animal} called {name}. It lived {place} and ate {food}.",
            f"A story about a {animal}: There was a {animal} called {name}. It lived {place}.",
            f"Q: Where does the {animal} live?\nA: The {animal} lives {place}.",
            f"Q: What does the {animal} eat?\nA: The {animal} eats {food}.",
            f"In one word. Q: What does the {animal} eat?\nA: {food.capitalize()}.",
            f"In one word. Q: Where does the {animal} live?\nA: {place.split()[-1].capitalize()}.",
        ]
    return told * 2


def chats() -> list[Chat]:
    """Conversations about the wood, and with people who say who they are and ask whether it was heard."""
    return [*_about_animals(), *_with_people()]


def _about_animals() -> list[Chat]:
    who = [turns(f"Who is the {animal}?", f"The {animal} is called {name}.") for animal, (name, _, _) in ANIMALS.items()]
    return [*who, *(turns(*question) for question in _QUESTIONS)] * 2


def _with_people() -> list[Chat]:
    strangers = [turns(ASK_NAME, "You have not told me your name.")] * 4
    met = [turns(greeting.format(name), f"Hello {name}.") for greeting, name in product(GREETINGS, PEOPLE)]
    asked = [
        turns(greeting.format(name), f"Hello {name}.", ASK_NAME, f"Your name is {name}.")
        for greeting, name in product(GREETINGS, PEOPLE)
    ]
    mixed = [
        turns(f"My name is {name}.", f"Hello {name}.", *question, ASK_NAME, f"Your name is {name}.")
        for name, question in product(PEOPLE, _QUESTIONS)
    ]
    late = [
        turns(
            ASK_NAME,
            "You have not told me your name.",
            f"My name is {name}.",
            f"Hello {name}.",
            ASK_NAME,
            f"Your name is {name}.",
        )
        for name in PEOPLE
    ]
    return [*strangers, *met, *asked, *mixed, *late]


def translations() -> list[tuple[str, str]]:
    """Sentences in English and French: one thing, or two that are joined."""
    single = [(f"the {thing} is {adjective}", _french(thing, adjective)) for thing, adjective in product(THINGS, ADJECTIVES)]
    joined = [(f"{one[0]} and {other[0]}", f"{one[1]} et {other[1]}") for one, other in product(single, single[::3])]
    return [(f"{english.capitalize()}.", f"{french.capitalize()}.") for english, french in [*single, *joined]]


def _french(thing: str, adjective: str) -> str:
    name, is_feminine = THINGS[thing]
    return f"{name} est {ADJECTIVES[adjective][is_feminine]}"


def reviews() -> list[tuple[str, int]]:
    """What guests say of an inn, and whether they were glad."""
    things = ("soup", "bread", "room", "waiter", "garden", "tea", "bed", "music")
    glad = ("was wonderful", "was good", "made us happy", "could not be better")
    sad = ("was awful", "was bad", "made us sad", "could not be worse")
    said = [(f"The {thing} {words}.", int(words in glad)) for thing, words in product(things, (*glad, *sad))]
    return [*said[::2], *said[1::2]]


def turns(*said: str) -> Chat:
    """A chat in which the user begins."""
    return [{"role": ("user", "assistant")[number % 2], "content": text} for number, text in enumerate(said)]
