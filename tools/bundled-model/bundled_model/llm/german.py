"""Answers and questions in German. Names are emojibase's; the sentences are made so that they need no grammatical gender."""

import json
import random
from functools import cache

from ..paths import NPM
from ..vocabulary import GROUPS, NUMBERS, PICTURES, POSITIONS, SHAPES, SOUND_LABELS
from .answers import COLOUR_NAMES

_NAMES = {
    "cat": "Katze", "apple": "Apfel", "bus": "Bus", "car": "Auto", "house": "Haus", "mountain": "Berg", "traffic light": "Ampel", "hourglass": "Sanduhr", "star": "Stern", "sun": "Sonne", "umbrella": "Regenschirm",
    "snowman": "Schneemann", "milk": "Milch", "coffee": "Kaffee", "camera": "Fotoapparat", "magnifying glass": "Lupe", "book": "Buch", "mailbox": "Briefkasten", "heart": "Herz", "hand": "Hand", "lock": "Schloss",
    "smiling face": "Lachgesicht", "sad face": "Trauergesicht", "flag": "Flagge", "french fries": "Pommes", "cheese": "Käse", "chocolate": "Schokolade", "honey": "Honig", "corn": "Mais", "truck": "Lastwagen", "tree": "Baum",
    "orange": "Orange", "bacon": "Speck", "piano": "Klavier", "medal": "Medaille", "ship": "Schiff", "boot": "Stiefel", "shoe": "Schuh", "beer": "Bier", "computer": "Computer", "backpack": "Rucksack", "squirrel": "Eichhörnchen",
    "mushroom": "Pilz", "dinosaur": "Dinosaurier", "egg": "Ei", "cake": "Torte",
    "monkey": "Affe", "dog": "Hund", "tiger": "Tiger", "horse": "Pferd", "cow": "Kuh", "pig": "Schwein", "mouse": "Maus", "rabbit": "Hase", "dragon": "Drache", "camel": "Kamel", "castle": "Burg", "train": "Zug", "pill": "Pille",
    "moon": "Mond", "alien": "Alien", "t-shirt": "T-Shirt",
}
_SHAPES = dict(zip(SHAPES, ("Kreis", "Quadrat", "Dreieck", "Stern", "Herz", "Kreuz", "Ring", "Raute")))
_COLOURS = dict(zip(COLOUR_NAMES, ("rot", "grün", "blau", "gelb", "orange", "lila", "rosa", "braun", "schwarz", "grau")))
_NUMBERS = dict(zip(NUMBERS, ("eins", "zwei", "drei", "vier", "fünf")))
_POSITIONS = dict(zip(POSITIONS, ("in der Mitte", "links", "rechts", "oben", "unten")))
_GROUPS = dict(zip(GROUPS, ("ein Tier", "eine Pflanze", "etwas zu essen", "ein Fahrzeug", "ein Ort", "ein Ding")))
_SOUNDS = dict(zip(SOUND_LABELS, (
    "ein Klavier", "eine Spieluhr", "ein Xylophon", "Kirchenglocken", "eine Orgel", "ein Akkordeon", "eine Mundharmonika", "eine Gitarre", "eine E-Gitarre", "eine Geige", "eine Harfe", "einen Chor", "eine Trompete", "ein Saxophon",
    "eine Flöte", "eine Sitar", "ein Banjo", "einen Dudelsack", "eine Steel Drum", "das Meer", "einen Vogel", "ein Telefon", "einen Hubschrauber", "Applaus", "einen Schuss", "ein Schlagzeug", "eine Sirene", "einen Piepton")))
_TEXT = {
    "Hello!": "Hallo! Zeig mir ein Bild oder sag ein Wort.", "I am fine": "Mir geht es gut, danke.", "I am a small": "Ich bin ein kleines Uni-MoE-Modell in deinem Browser.",
    "I can name": "Ich kenne Bilder, Farben, Formen, Wörter und Klänge.", "You are welcome": "Gern geschehen!", "Goodbye": "Auf Wiedersehen!", "I don't see": "Ich sehe kein Bild. Bitte zeig mir eins.",
    "I don't hear": "Ich höre nichts. Bitte sag ein Wort.", "One, two, three, four, five.": "Eins, zwei, drei, vier, fünf.", "One, two": "Eins, zwei, drei, vier, fünf, sechs, sieben, acht, neun, zehn.",
    "I run on": "Ich laufe auf deinem eigenen Computer.", "I have four": "Ich habe vier Experten.", "I don't know": "Das weiß ich nicht. Ich bin sehr klein.", "I am happy": "Ich bin froh.",
    "A cat and": "Eine Katze und ein Hund gehen in einen Browser.", "Please show": "Bitte zeig mir noch ein Bild oder sag ein Wort.", "Yes,": "Ja, das stimmt.", "No,": "Nein, das stimmt nicht.",
}
_QUESTIONS = {
    "name": ("Was ist das?", "Was siehst du?", "Was ist auf dem Bild?", "Wie nennt man das?", "Was zeigt das Bild?", "Was ist hier zu sehen?", "Erkennst du das?"),
    "group": ("Was für ein Ding ist das?", "Zu welcher Gruppe gehört das?", "Was für eine Art Ding ist das?"),
    "check": ("Heißt das {x}?", "Nennt man das {x}?", "Würdest du das {x} nennen?"),
    "shape": ("Welche Form ist das?", "Welche Form siehst du?", "Welche Form hat es?"),
    "colour": ("Welche Farbe ist das?", "Welche Farbe hat es?", "Welche Farbe siehst du?"),
    "count": ("Wie viele sind es?", "Wie viele siehst du?", "Wie viele sind das?"),
    "position": ("Wo ist es?", "Wo siehst du es?", "Wo im Bild ist es?"),
    "said": ("Was habe ich gesagt?", "Welches Wort habe ich gesagt?", "Welches Wort hörst du?"),
    "heard": ("Was hörst du?", "Welches Geräusch ist das?", "Welches Instrument ist das?", "Was klingt so?"),
}
_TEXT_QUESTIONS = {
    "Hello!": ("Hallo!", "Guten Tag!", "Guten Morgen!"), "I am fine": ("Wie geht es dir?", "Wie geht's?"), "I am a small": ("Wer bist du?", "Was bist du?"), "I can name": ("Was kannst du?", "Was weißt du?"),
    "You are welcome": ("Danke!", "Vielen Dank!"), "Goodbye": ("Tschüss!", "Auf Wiedersehen!"), "I am happy": ("Bist du froh?", "Bist du traurig?"), "A cat and": ("Erzähl mir einen Witz.", "Kennst du einen Witz?"),
}


@cache
def name(label: str) -> str:
    """emojibase's German name of the first emoji of the label that has one of one word, unless the table knows better."""
    if label in _NAMES:
        return _NAMES[label]
    plain = lambda emoji: emoji.replace("\ufe0f", "")
    german = {plain(row["unicode"]): row["label"] for row in json.loads((NPM / "emojibase-data/de/compact.json").read_text())}
    english = {row["name"]: plain(emoji) for emoji, row in json.loads((NPM / "unicode-emoji-json/data-by-emoji.json").read_text()).items()}
    names = [german[english[name]] for name in PICTURES[label][1]]
    return min(names, key=lambda name: (" " in name, -len(name)))


def table(rows: dict, answer: str):
    """The value whose key the answer starts with."""
    return next((said for start, said in rows.items() if answer.startswith(start)), None)


def answer(about: tuple) -> str:
    kind = about[0]
    if kind == "name":
        return f"Das nennt man {name(about[1])}."
    if kind == "group":
        return f"Das ist {_GROUPS[PICTURES[about[1]][0]]}."
    if kind == "check":
        return f"Das nennt man {name(about[1])}, also {'ja' if about[1] == about[2] else 'nein'}."
    if kind == "scene":
        _, asked, facts = about
        shape, colour = _SHAPES[SHAPES[facts["shape"]]], _COLOURS[COLOUR_NAMES[facts["colour"]]]
        number = _NUMBERS[NUMBERS[facts["count"]]]
        return {"name": f"Form: {shape}, Farbe: {colour}, Anzahl: {number}.", "shape": f"Form: {shape}.", "colour": f"Farbe: {colour}.", "count": f"Anzahl: {number}.",
                "position": f"Ort: {_POSITIONS[POSITIONS[facts['position']]]}.", "group": "Das ist eine Zeichnung."}[asked]
    if kind == "said":
        return f'Du hast "{about[1]}" gesagt.'
    if kind == "heard":
        return f"Ich höre {_SOUNDS[about[1]]}."
    if kind == "cannot see":
        return "Ich kann das nicht erkennen."
    if kind == "cannot hear":
        return "Ich kann das Geräusch nicht erkennen."
    if " plus " in about[1]:
        return about[1].replace(" is ", " ist ")
    return table(_TEXT, about[1]) or "Das weiß ich nicht auf Deutsch."


def question(rng: random.Random, about: tuple) -> str | None:
    """A German question that `about` answers, if there is one."""
    kind = about[0]
    if kind == "text":
        said = table(_TEXT_QUESTIONS, about[1])
        return rng.choice(said) if said else None
    if kind == "scene":
        kind = about[1]
    kind = {"cannot see": "name", "cannot hear": "heard"}.get(kind, kind)
    return rng.choice(_QUESTIONS[kind]).format(x=name(about[2]) if kind == "check" else "")


def texts() -> list[str]:
    """Sentences that give German words their pieces."""
    return [answer(("name", label)) for label in PICTURES] * 8 + [answer(("heard", label)) for label in SOUND_LABELS] * 4 + [*_TEXT.values()] * 6
