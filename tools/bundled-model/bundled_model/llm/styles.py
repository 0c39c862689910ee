"""The same answers in another way: in German, or in one word. The model gives them where the question asks for it; the switchable adapters make it the default."""

import random

from ..vocabulary import NUMBERS, PICTURES, POSITIONS, SHAPES
from . import german
from .answers import COLOUR_NAMES
from .dialogues import Dialogue
from .prompt import AUDIO, IMAGE
from .questions import roughen

_ONE_WORDS = {
    "I am fine": "fine.", "I am a small": "model.", "I can name": "pictures.", "You are": "welcome.", "I don't see": "nothing.", "I don't hear": "nothing.", "One, two, three, four, five.": "five.", "One, two": "ten.",
    "I run on": "computer.", "I have four": "experts.", "I don't know": "unknown.", "I am happy": "happy.", "A cat and": "browser.", "Please show": "another.",
}


def one_word(about: tuple) -> str:
    # Lower case: the base never learned to say most names with a capital letter.
    stop = lambda text: f"{text}."
    kind = about[0]
    if kind == "name":
        return stop(about[1])
    if kind == "group":
        return stop(PICTURES[about[1]][0])
    if kind == "check":
        return "Yes." if about[1] == about[2] else "No."
    if kind == "scene":
        _, asked, facts = about
        shape = SHAPES[facts["shape"]]
        return stop({"name": shape, "shape": shape, "colour": COLOUR_NAMES[facts["colour"]], "count": NUMBERS[facts["count"]], "position": POSITIONS[facts["position"]].split()[-1], "group": "drawing"}[asked])
    if kind in ("said", "heard"):
        return stop(about[1].removeprefix("a ").removeprefix("an ").removeprefix("the "))
    if kind in ("cannot see", "cannot hear"):
        return "unclear."
    words = about[1].rstrip(".!").split()
    if said := german.table(_ONE_WORDS, about[1]):
        return said
    if about[1].startswith(("Yes,", "No,", "Hello", "Goodbye")) or " comes after " in about[1]:
        return words[0].rstrip(",.!") + "."
    return stop(words[-1])


STYLES = {"german": german.answer, "one-word": one_word}
#: What a page shows beside the switch.
DESCRIPTIONS = {"german": "Answers in German.", "one-word": "Answers in one word, without a sentence around it."}
#: How often training draws each, and how a question asks for it.
SHARES = {"german": 0.14, "one-word": 0.06}
_REQUESTS = {
    "german": ("Answer in German.", "In German, please.", "Say it in German.", "Please answer in German.", "Auf Deutsch, bitte.", "Antworte auf Deutsch.", "Auf Deutsch."),
    "one-word": ("Answer in one word.", "One word, please.", "In one word.", "Just one word.", "Use a single word.", "Answer with one word."),
}


def restyle(dialogue: Dialogue, style: str) -> Dialogue:
    """The dialogue with its answers in a style."""
    turns = [(question, STYLES[style](about)) for (question, _), about in zip(dialogue.turns, dialogue.about)]
    return Dialogue(turns, dialogue.images, dialogue.sounds, dialogue.kind, "", dialogue.about)


def _ask_for(rng: random.Random, question: str, about: tuple, style: str) -> str:
    media, newline, text = question.rpartition("\n")
    # A spoken question stays the question; so does one whose sentence tells what there is to see.
    own = (IMAGE in media and AUDIO in media) or (not media and about[0] == "check")
    german_question = german.question(rng, about) if style == "german" and not own and rng.random() < 0.6 else None
    return media + newline + (german_question and roughen(rng, german_question) or f"{text} {rng.choice(_REQUESTS[style])}".strip())


def in_some_style(rng: random.Random, dialogue: Dialogue) -> Dialogue:
    """As it is, or now and then with questions that ask for a style, and answers in it."""
    style = rng.choices([*SHARES, None], [*SHARES.values(), 1 - sum(SHARES.values())])[0]
    if style is None:
        return dialogue
    styled = restyle(dialogue, style)
    styled.turns = [(_ask_for(rng, question, about, style), answer) for (question, answer), about in zip(styled.turns, dialogue.about)]
    return styled


def tokenizer_texts() -> list[str]:
    """Sentences that give the styles' words their pieces."""
    return german.texts() + [one_word(("name", label)) for label in PICTURES] * 6
