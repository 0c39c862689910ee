"""Text-only turns: list of (question, accepted answer, phrasing is for the evaluation only)."""

import random

from ..vocabulary import PICTURES
from .answers import with_article

_NAME = "I am a small Uni-MoE model that runs in your browser."
_CAN = "I can name pictures, colors, shapes, spoken words and sounds."
_NO_PICTURE = "I don't see a picture. Please show me one."
_NO_SOUND = "I don't hear anything. Please say a word."
_UNKNOWN = "I don't know that. I am a very small model."

_FIXED = [
    ("Hello! Show me a picture or say a word.", ["Hello", "Hello!", "Hi", "Hi!", "hi", "hello", "Hey", "Hey!", "Good morning", "Good evening!", "Hi there", "Good morning!"], ["Hello there!", "hey there", "Good evening"]),
    ("I am fine, thank you.", ["How are you?", "How are you doing?", "how are you", "How do you feel?", "Are you okay?"], ["How are you today?"]),
    (_NAME, ["Who are you?", "What are you?", "who are you", "What is your name?", "Tell me about yourself.", "Are you a robot?", "What model are you?", "Introduce yourself."], ["Who is this?", "Tell me who you are.", "What's your name?"]),
    (_CAN, ["What can you do?", "what can you do", "What do you know?", "How can you help me?", "Help", "help me", "What are you good at?", "What can I ask you?"], ["Tell me what you can do.", "What can I ask?"]),
    ("You are welcome!", ["Thanks", "Thank you", "Thank you!", "thanks!", "Thanks a lot", "Thank you very much."], ["Thanks a lot!", "Many thanks"]),
    ("Goodbye!", ["Bye", "Goodbye", "bye", "Goodbye!", "See you later", "See you"], ["Bye bye", "See you later!"]),
    (_NO_PICTURE, ["What is this?", "What do you see?", "What is in the picture?", "Describe the image.", "What color is it?", "How many are there?", "Where is it?", "What shape is it?"], ["What does the picture show?", "Describe the picture."]),
    (_NO_SOUND, ["What did I say?", "What do you hear?", "What is this sound?", "Which instrument is this?"], ["What can you hear?", "Which word did I say?"]),
    ("One, two, three, four, five.", ["Count to five.", "count to five", "Can you count to five?", "Please count to five."], ["Count to 5."]),
    ("One, two, three, four, five, six, seven, eight, nine, ten.", ["Count to ten.", "count to ten", "Can you count to ten?", "Please count to ten."], ["Count to 10."]),
    ("I run on your own computer. Nothing leaves it.", ["Where do you run?", "Where does my picture go?", "Do you send my data away?", "Are you in the cloud?", "Do you need the internet?"], ["Where do you live?"]),
    ("I have four experts, and two of them work on each token.", ["How do you work?", "How many experts do you have?", "What is an expert?", "What is a mixture of experts?"], ["How do your experts work?"]),
    (_UNKNOWN, ["Who is the president?", "Write a poem.", "What is the meaning of life?", "What is the weather like?", "Who won the game?", "Write code for me.", "What is the capital of France?", "Tell me a story.",
                "What time is it?", "Explain physics.", "Who wrote this book?", "Translate this.", "What is love?", "How old is the earth?", "Give me a recipe.", "What should I do today?"], ["What is the weather today?", "Write a story.", "Who is the queen?"]),
    ("I am happy.", ["Are you happy?", "Do you like music?"], ["Are you happy today?"]),
    ("A cat and a dog walk into a browser. Both load fine.", ["Tell me a joke.", "Do you know a joke?", "Say something funny."], ["Can you tell me a joke?"]),
]
_OPPOSITES = "hot cold;big small;up down;left right;open closed;day night;black white;happy sad;fast slow;old new;high low;full empty;in out;yes no;good bad;long short;hard soft;wet dry;loud quiet;light dark;first last;early late;rich poor;strong weak;push pull".split(";")
_COLOURS = {"a banana": "yellow", "the sky": "blue", "grass": "green", "snow": "white", "a tomato": "red", "coal": "black", "an orange": "orange", "milk": "white", "a strawberry": "red", "a lemon": "yellow", "a frog": "green", "an elephant": "gray", "chocolate": "brown", "a leaf": "green", "the sun": "yellow", "blood": "red"}
_NEXT = ["Monday Tuesday Wednesday Thursday Friday Saturday Sunday Monday".split(), "January February March April May June July August September October November December January".split(), "one two three four five six seven eight nine ten".split()]


def _build() -> list[tuple[str, str, bool]]:
    rows: list[tuple[str, str, bool]] = []
    add = lambda answer, seen, new=(): rows.extend([(q, answer, False) for q in seen] + [(q, answer, True) for q in new])
    for answer, seen, new in _FIXED:
        add(answer, seen, new)
    for pair in _OPPOSITES:
        for a, b in (pair.split(), pair.split()[::-1]):
            add(f"The opposite of {a} is {b}.", [f"What is the opposite of {a}?", f"Tell me the opposite of {a}.", f"opposite of {a}"], [f"Name the opposite of {a}."])
    for thing, colour in _COLOURS.items():
        add(f"{thing[0].upper() + thing[1:]} is {colour}.", [f"What color is {thing}?", f"What is the color of {thing}?"], [f"Which color is {thing}?"])
    for row in _NEXT:
        for a, b in zip(row, row[1:]):
            add(f"{b[0].upper() + b[1:]} comes after {a}.", [f"What comes after {a}?", f"What is after {a}?"], [f"Tell me what comes after {a}."])
    for a in range(11):
        for b in range(11):
            add(f"{a} plus {b} is {a + b}.", [f"What is {a} plus {b}?", f"What is {a} + {b}?", f"{a} + {b}"], [f"How much is {a} plus {b}?"])
    for label, (group, _) in PICTURES.items():
        if group in ("animal", "food", "vehicle"):
            thing = with_article(label)
            noun = {"animal": "an animal", "food": "food", "vehicle": "a vehicle"}[group]
            verb = "are" if thing == label and label.endswith("s") else "is"
            add(f"Yes, {thing} {verb} {noun}.", [f"{verb.capitalize()} {thing} {noun}?"])
            for other, name in (("animal", "an animal"), ("food", "food"), ("vehicle", "a vehicle")):
                if other != group:
                    add(f"No, {thing} {verb} {noun}.", [f"{verb.capitalize()} {thing} {name}?"])
    return rows


TURNS = _build()
SEEN = [(q, a) for q, a, new in TURNS if not new]
NEW = [(q, a) for q, a, new in TURNS if new]
#: Small talk is rare among the rows but frequent in a demo.
_COMMON = [(q, a) for a, seen, _ in _FIXED for q in seen]


def draw(rng: random.Random) -> tuple[str, str]:
    return rng.choice(_COMMON if rng.random() < 0.45 else SEEN)
