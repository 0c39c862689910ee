"""The same answers in another way: in German, or in one word. What the switchable adapters are trained on."""

import json
from functools import cache

from ..paths import NPM
from ..vocabulary import GROUPS, NUMBERS, PICTURES, POSITIONS, SHAPES, SOUND_LABELS
from .answers import COLOUR_NAMES
from .dialogues import Dialogue

_GERMAN_NAMES = {
    "cat": "Katze", "apple": "Apfel", "bus": "Bus", "car": "Auto", "house": "Haus", "mountain": "Berg", "traffic light": "Ampel", "hourglass": "Sanduhr", "star": "Stern", "sun": "Sonne", "umbrella": "Regenschirm",
    "snowman": "Schneemann", "milk": "Milch", "coffee": "Kaffee", "camera": "Fotoapparat", "magnifying glass": "Lupe", "book": "Buch", "mailbox": "Briefkasten", "heart": "Herz", "hand": "Hand", "lock": "Schloss",
    "smiling face": "Lachgesicht", "sad face": "Trauergesicht", "flag": "Flagge", "french fries": "Pommes", "cheese": "Käse", "chocolate": "Schokolade", "honey": "Honig", "corn": "Mais", "truck": "Lastwagen", "tree": "Baum",
    "orange": "Orange", "bacon": "Speck", "piano": "Klavier", "medal": "Medaille", "ship": "Schiff", "boot": "Stiefel", "shoe": "Schuh", "beer": "Bier", "computer": "Computer", "backpack": "Rucksack", "squirrel": "Eichhörnchen",
    "mushroom": "Pilz", "dinosaur": "Dinosaurier", "egg": "Ei", "cake": "Torte",
}
_GERMAN_SHAPES = dict(zip(SHAPES, ("Kreis", "Quadrat", "Dreieck", "Stern", "Herz", "Kreuz", "Ring", "Raute")))
_GERMAN_COLOURS = dict(zip(COLOUR_NAMES, ("rot", "grün", "blau", "gelb", "orange", "lila", "rosa", "braun", "schwarz", "grau")))
_GERMAN_NUMBERS = dict(zip(NUMBERS, ("eins", "zwei", "drei", "vier", "fünf")))
_GERMAN_POSITIONS = dict(zip(POSITIONS, ("in der Mitte", "links", "rechts", "oben", "unten")))
_GERMAN_GROUPS = dict(zip(GROUPS, ("ein Tier", "eine Pflanze", "etwas zu essen", "ein Fahrzeug", "ein Ort", "ein Ding")))
_GERMAN_SOUNDS = dict(zip(SOUND_LABELS, (
    "ein Klavier", "eine Spieluhr", "ein Xylophon", "Kirchenglocken", "eine Orgel", "ein Akkordeon", "eine Mundharmonika", "eine Gitarre", "eine E-Gitarre", "eine Geige", "eine Harfe", "einen Chor", "eine Trompete", "ein Saxophon",
    "eine Flöte", "eine Sitar", "ein Banjo", "einen Dudelsack", "eine Steel Drum", "das Meer", "einen Vogel", "ein Telefon", "einen Hubschrauber", "Applaus", "einen Schuss", "ein Schlagzeug", "eine Sirene", "einen Piepton")))
_GERMAN_TEXT = {
    "Hello!": "Hallo! Zeig mir ein Bild oder sag ein Wort.", "I am fine": "Mir geht es gut, danke.", "I am a small": "Ich bin ein kleines Uni-MoE-Modell in deinem Browser.",
    "I can name": "Ich kenne Bilder, Farben, Formen, Wörter und Klänge.", "You are welcome": "Gern geschehen!", "Goodbye": "Auf Wiedersehen!", "I don't see": "Ich sehe kein Bild. Bitte zeig mir eins.",
    "I don't hear": "Ich höre nichts. Bitte sag ein Wort.", "One, two, three, four, five.": "Eins, zwei, drei, vier, fünf.", "One, two": "Eins, zwei, drei, vier, fünf, sechs, sieben, acht, neun, zehn.",
    "I run on": "Ich laufe auf deinem eigenen Computer.", "I have four": "Ich habe vier Experten.", "I don't know": "Das weiß ich nicht. Ich bin sehr klein.", "I am happy": "Ich bin froh.",
    "A cat and": "Eine Katze und ein Hund gehen in einen Browser.", "Please show": "Bitte zeig mir noch ein Bild oder sag ein Wort.", "Yes,": "Ja, das stimmt.", "No,": "Nein, das stimmt nicht.",
}
_ONE_WORD_TEXT = {
    "I am fine": "fine.", "I am a small": "model.", "I can name": "pictures.", "You are": "welcome.", "I don't see": "nothing.", "I don't hear": "nothing.", "One, two, three, four, five.": "five.", "One, two": "ten.",
    "I run on": "computer.", "I have four": "experts.", "I don't know": "unknown.", "I am happy": "happy.", "A cat and": "browser.", "Please show": "another.",
}


def _table(rows: dict[str, str], answer: str) -> str | None:
    return next((said for start, said in rows.items() if answer.startswith(start)), None)


#: Whether names, colors, shapes and numbers are said in German too. Off: LoRA on attention and experts does not reach the rows of the head,
#: and those of words that the base never said stay untrained. The base has to meet them first (German sentences in its dense stage).
TRANSLATED = False


@cache
def german_name(label: str) -> str:
    """emojibase's German name of the first emoji of the label that has one of one word, unless the table knows better."""
    if label in _GERMAN_NAMES:
        return _GERMAN_NAMES[label]
    plain = lambda emoji: emoji.replace("\ufe0f", "")
    german = {plain(row["unicode"]): row["label"] for row in json.loads((NPM / "emojibase-data/de/compact.json").read_text())}
    english = {row["name"]: plain(emoji) for emoji, row in json.loads((NPM / "unicode-emoji-json/data-by-emoji.json").read_text()).items()}
    names = [german[english[name]] for name in PICTURES[label][1]]
    return min(names, key=lambda name: (" " in name, -len(name)))


def _name(label: str) -> str:
    return german_name(label) if TRANSLATED else label


def _word(english: str, words: dict[str, str]) -> str:
    return words[english] if TRANSLATED else english


def german(about: tuple) -> str:
    kind = about[0]
    if kind == "name":
        return f"Das nennt man {_name(about[1])}."
    if kind == "group":
        return f"Das ist {_word(PICTURES[about[1]][0], _GERMAN_GROUPS)}."
    if kind == "check":
        return f"{'Ja' if about[1] == about[2] else 'Nein'}, das nennt man {_name(about[1])}."
    if kind == "scene":
        _, asked, facts = about
        shape, colour = _word(SHAPES[facts["shape"]], _GERMAN_SHAPES), _word(COLOUR_NAMES[facts["colour"]], _GERMAN_COLOURS)
        number = _word(NUMBERS[facts["count"]], _GERMAN_NUMBERS)
        return {"name": f"Form: {shape}, Farbe: {colour}, Anzahl: {number}.", "shape": f"Form: {shape}.", "colour": f"Farbe: {colour}.", "count": f"Anzahl: {number}.",
                "position": f"Ort: {_word(POSITIONS[facts['position']], _GERMAN_POSITIONS)}.", "group": "Das ist eine Zeichnung."}[asked]
    if kind == "said":
        return f'Du hast "{about[1]}" gesagt.'
    if kind == "heard":
        return f"Ich höre {_word(about[1], _GERMAN_SOUNDS)}."
    if kind == "cannot see":
        return "Ich kann das nicht erkennen."
    if kind == "cannot hear":
        return "Ich kann das Geräusch nicht erkennen."
    if " plus " in about[1]:
        return about[1].replace(" is ", " ist ")
    return _table(_GERMAN_TEXT, about[1]) or "Das weiß ich nicht auf Deutsch."


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
    if said := _table(_ONE_WORD_TEXT, about[1]):
        return said
    if about[1].startswith(("Yes,", "No,", "Hello", "Goodbye")) or " comes after " in about[1]:
        return words[0].rstrip(",.!") + "."
    return stop(words[-1])


STYLES = {"german": german, "one-word": one_word}
#: What a page shows beside the switch.
DESCRIPTIONS = {"german": "Answers in German sentences; names stay English.", "one-word": "Answers in one word, without a sentence around it."}


def restyle(dialogue: Dialogue, style: str) -> Dialogue:
    """The dialogue with its answers in a style."""
    turns = [(question, STYLES[style](about)) for (question, _), about in zip(dialogue.turns, dialogue.about)]
    return Dialogue(turns, dialogue.images, dialogue.sounds, dialogue.kind, "", dialogue.about)


def tokenizer_texts() -> list[str]:
    """Sentences that give the adapters' words their pieces."""
    return [german(("name", label)) for label in PICTURES] * 8 + [german(("heard", label)) for label in SOUND_LABELS] * 4 + [*_GERMAN_TEXT.values()] * 6 + [one_word(("name", label)) for label in PICTURES] * 6
