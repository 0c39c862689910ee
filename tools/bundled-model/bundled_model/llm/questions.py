"""Phrasings of the questions about pictures and sounds: `(a|b)` stands for either. The second list of each kind is asked in the
evaluation only; training leaves out whatever reads like one of them but for case and punctuation."""

import random
import re
from itertools import product

_PATTERNS: dict[str, tuple[str, str]] = {
    "name": (
        """(What|what) is (this|that|it)?; What's (this|it)?; what's that?; What is (in|on) the (picture|image|photo)?; What (do you see|do you see here|can you see|can you see here|am I looking at)?; Name (this|it|that).
Name the (object|picture|thing).; What is (this|that|it) called?; What do you call this?; Can you tell me what (this|that|it) is?; Describe (this|it).; Describe the (image|picture|photo).; Describe what you see.
What (object|thing) is (this|that)?; What (does|did) the (picture|image|photo) show?; What does this picture show?; Tell me what (that is|it is|you see).; tell me what this is; What is shown (here|in the image|in the picture)?; What's in (this|the) image?
What's this picture?; What is (this picture|this image)?; (Do|Would) you know what this is?; Do you recognize (this|it)?; Please name (the object|it|this).; Please describe (this picture|the image|it).; ; ; ; What can you see in (the|this) image?
What could this be?; What might this be?; Identify (this|the object).; What have we here?; What did I (draw|send you|show you)?; Who or what is this?; Give it a name.; Look at this.; Say what (this|it) is.; Which (thing|object) is this?
I wonder what this is.; And this?; Guess what this is.; Could you (name this|tell me what this is)?; What would you call this?; Label this (picture|image).; What's the name of this?; What is the name of (this|that)?; What do we see here?""",
        "What can you see in this picture?; Please tell me what this is.; What's in the picture?; Can you name this?; What does this image show?; Do you know what that is?",
    ),
    "group": (
        """What kind of (thing|object) is (this|it|that)?; Is it an animal, a plant, food or a thing?; Is this an animal, food, a plant, a place, a vehicle or a thing?; Which group (does it belong to|is it in|is this in)?; What group does (this|it) belong to?
(What|Which) category is (this|it)?; What category does (this|it) (fall into|belong to)?; What sort of (thing|object) is (this|that)?; What type of (thing|object) is (this|it)?; Which kind of thing is (this|it|that)?; What kind is it?; Which category is it in?
Which category would you put this in?; Put it in a group.; Sort this into a group.; Name the (group|category|kind).; Is it alive, food or a thing?; What class of thing is (this|it)?; Which class does this belong to?; In which group is (this|it)?; In which category is this?
What is the category?; What is the group?; Classify (this|it).; What general kind of thing is this?""",
        "What sort of thing is it?; Which category does this belong to?",
    ),
    "check": (
        """Is (this|it|that) {x}?; Does (the|this) (picture|image) show {x}?; Do you see {x}?; Is there {x} here?; Is it {x} or not?; Could (this|it|that) be {x}?; Would you say (this|it) is {x}?; Do you think (this|it) is {x}?; Are you looking at {x}?; This is {x}, right?
Am I right that this is {x}?; Is the picture of {x}?; Is this a picture of {x}?; Does this look like {x}?; Can this be {x}?; Is what you see {x}?; I think this is {x}. Am I right?; Is {x} in the (picture|image)?; Is {x} shown here?; Do you recognize {x}?; Is that {x} in the picture?
Tell me if this is {x}.; Is this really {x}?; {x}?; Can you find {x}?; Is there {x} in this image?; Do I see {x} here?""",
        "Can you see {x}?; Is there {x} in the picture?",
    ),
    "shape": (
        """(What|Which) shape is (it|this)?; What shape do you see?; Name the shape.; What is the shape?; What's the shape?; What shape (does it have|has it)?; Tell me the shape.; What is its shape?; Which shape (is that|is shown|is in the picture|has it)?; What shape is (shown|in the picture|in the image|here|drawn)?
What shapes (are they|are these|do you see)?; Which shapes are these?; What form is it?; Is it a circle, a square or something else?; Do you know the shape?; What kind of shape is (it|this)?; Can you name the shape?; Say the shape.; Please name the shape.; What figure is this?
What shape are they?; Identify the shape.; And the shape?; What shape did I draw?; Describe the shape.; Which form does it have?; What shape can you see?; Which shape can you see?""",
        "Which shape do you see?; What shape is that?",
    ),
    "colour": (
        """What (color|colour) is (it|this)?; Which (color|colour) is (it|this|that)?; What is the (color|colour)?; What's the (color|colour)?; Name the (color|colour).; What (color|colour) do you see?; What is its color?; What color (has it|does it have)?; Which color (does it have|has it)?
What color is (the shape|the thing|the object|shown|in the picture)?; What color are (they|these|the shapes)?; Which color are they?; Say the color.; Please name the color.; Can you (name|tell me) the color?; What colour are they?; In what color is it drawn?; Describe the color.; And the color?
Is it red, blue or another color?; Do you know the color?; Identify the color.; What color did I use?; Which color did I use?; What color can you see?; Which color can you see?; Could you tell me the color?; Of what color is it?; What's its color?""",
        "Which color do you see?; What color is that?; Tell me the color.",
    ),
    "count": (
        """How many are (there|these|they|shown)?; How many shapes (are there|are shown|do you see|are here|are in the picture)?; How many do you (see|count|find)?; (Count them|Count the shapes|Count these|Count what you see).; How many things are (in the picture|here|shown|in the image)?; How many objects are (there|in the picture)?
What is the number of (shapes|things)?; Tell me how many there are.; Tell me the number.; What number of shapes do you see?; How many of them are there?; Can you count them?; Please count them.; Could you count the shapes?; How many did I draw?; Give me the count.; And how many?; What is the count?
How many shapes can you (see|count|find)?; How many can you (count|find)?; How many things do you see?; Say how many there are.; Is there one or are there more?; How many figures are there?; How many pieces are there?; How many times is it drawn?; how many""",
        "How many can you see?; How many things are there?",
    ),
    "position": (
        """Where is (it|this|that)?; Where is the (shape|thing|object|figure)?; Where in the (picture|image) is it?; Where do you (see|find) it?; In which part of the (picture|image) is it?; What is its position?; Where did I (draw|put) it?; Where can it be found?; Tell me where it is.; Where's (it|the shape)?
On which side is it?; Which side is it on?; Is it on the left or on the right?; Is it at the top or at the bottom?; What position is it in?; At what place is it?; Say where it is.; Where is it (drawn|shown|placed|located)?; Name the position.; And where is it?; Can you tell me where it is?; Please say where it is.
In what part of the picture is the shape?; Is it in the middle or at a side?; Where in the picture do you see it?; Where does it stand?; Which part of the picture is it in?; Where exactly is it?; Where can you find it?""",
        "Where is the shape in the picture?; Where can you see it?",
    ),
    "speech": (
        """What did I (say|just say)?; what did i say; What have I said?; (Which|What) word did I (say|just say|speak)?; What word (is|was) (this|that|it)?; Which word (was|is) (that|this|it)?; What word do you hear?; Repeat what I (said|say).; Repeat (the word|it|this|after me).; Write down (what I said|the word|what you hear).; ; ; ;
Listen.; Say it again.; What am I saying?; What word am I saying?; Can you repeat (that|it)?; Please repeat (that|it|the word).; Which words did I say?; What were my words?; Did you hear me?; Did you understand me?; Transcribe this.; Please transcribe.; What is the word?; Name the word.; Tell me the word.; Tell me which word I said.
What did you hear me say?; What did you understand?; Type what I said.; Spell out what I said.; What was said?; What is being said?; What is said here?; What does the voice say?; What does the speaker say?; What did the speaker say?; Can you understand this?; What's the word?; Which word is spoken?; What word is spoken here?; Guess the word.""",
        "Which word do you hear?; Tell me what I said.; What was the word?",
    ),
    "sound": (
        """What is (this|that) sound?; What's this sound?; What do you hear?; what do you hear; What can you hear?; What sound is (this|that|it)?; What sound do you hear?; Which instrument (is this|is it|do you hear|is playing|is that)?; What instrument (is this|do you hear|is it)?; What makes (this|that) sound?; Name the (sound|instrument).; ; ; ;
Listen.; What did you hear?; What could this sound be?; What is playing?; What am I playing?; Do you know this (sound|instrument)?; Identify the (sound|instrument).; Describe the sound.; Tell me what (this sound is|sounds here|makes this noise).; What noise is this?; What is that noise?; Where does this sound come from?; What is the sound?
What is heard here?; What is in the recording?; What did I record?; What does the recording contain?; Can you name the (sound|instrument)?; Say what you hear.; Which sound do you hear?; Which sound was that?; What kind of sound is (this|it)?; What sounds like this?; What produces this sound?; Who or what makes this sound?; What are you hearing?; Can you tell what this sound is?; What is it that I hear?""",
        "Which sound is this?; What is making this sound?; Tell me what you hear.",
    ),
}


def expand(pattern: str) -> list[str]:
    parts = [part[1:-1].split("|") if part.startswith("(") else [part] for part in re.split(r"(\([^()]*\|[^()]*\))", pattern)]
    return ["".join(chosen) for chosen in product(*parts)]


def plain(text: str) -> str:
    """Without case and punctuation."""
    return re.sub(r"[^a-z0-9{} ]+", "", text.lower()).strip()


def _list(text: str) -> list[str]:
    return [phrase for pattern in re.split(r"[;\n]", text) for phrase in expand(pattern.strip())]


def _kinds() -> dict[str, tuple[list[str], list[str]]]:
    out = {}
    for kind, (seen, new) in _PATTERNS.items():
        held_out = _list(new)
        left_out = {plain(phrase) for phrase in held_out}
        out[kind] = [phrase for phrase in _list(seen) if plain(phrase) not in left_out], held_out
    return out


#: kind -> (phrasings of training, phrasings of the evaluation)
QUESTIONS = _kinds()
_BEFORE = ("Please, ", "Hey, ", "Hi, ", "Hello. ", "OK, ", "So, ", "Now ", "Tell me: ", "Well, ")


def roughen(rng: random.Random, question: str) -> str:
    """A question as people type it: lower case, no punctuation, a word before it, a doubled or missing letter."""
    if not question:
        return question
    if rng.random() < 0.08:
        question = rng.choice(_BEFORE) + question[0].lower() + question[1:]
    if rng.random() < 0.2:
        question = question.rstrip("?.!")
    if rng.random() < 0.15:
        question = question.lower()
    if rng.random() < 0.03 and len(question) > 8:
        at = rng.randrange(1, len(question) - 1)
        question = question[:at] + question[at + rng.choice((-1, 1)) :] if question[at].isalpha() and "{" not in question else question
    return question
