"""Full-sentence answers about pictures, drawn shapes and sounds."""

from ..vocabulary import COLOURS, NUMBERS, PICTURES, POSITIONS, SHAPES

COLOUR_NAMES = tuple(COLOURS)
_PLURAL = {"grapes", "cherries", "blueberries", "pancakes", "french fries", "jeans", "glasses", "sunglasses", "gloves", "headphones", "scissors", "skis"}
_UNCOUNTED = {"bread", "bacon", "corn", "popcorn", "spaghetti", "broccoli", "milk", "honey", "coffee", "beer", "cheese", "fire", "chocolate", "sushi", "ice cream", "cake", "salad"}
_THE = {"sun", "moon"}
_AN_EXCEPTIONS = {"unicorn": "a", "hourglass": "an"}

CANNOT_SEE = "I can't tell what this is."
CANNOT_HEAR = "I can't tell what this sound is."

_GROUP_ANSWER = {"animal": "It is an animal.", "plant": "It is a plant.", "food": "It is food.", "vehicle": "It is a vehicle.", "place": "It is a place.", "thing": "It is a thing."}


def with_article(label: str) -> str:
    if label in _PLURAL or label in _UNCOUNTED:
        return label
    if label in _THE:
        return f"the {label}"
    article = _AN_EXCEPTIONS.get(label, "an" if label[0] in "aeiou" else "a")
    return f"{article} {label}"


def name_answer(label: str) -> str:
    return f"{'These are' if label in _PLURAL else 'This is'} {with_article(label)}."


def group_answer(label: str) -> str:
    return _GROUP_ANSWER[PICTURES[label][0]]


def check_answer(label: str, asked: str) -> str:
    """The name first: whether it is the one asked for is then a comparison of words, which is learned long before one of rows of a picture."""
    return f"{'They are' if label in _PLURAL else 'It is'} {with_article(label)}, so {'yes' if label == asked else 'no'}."


def plural(shape: str) -> str:
    return shape + ("es" if shape == "cross" else "s")


def scene_answer(kind: str, facts: dict) -> str:
    shape, colour = SHAPES[facts["shape"]], COLOUR_NAMES[facts["colour"]]
    count = facts["count"] + 1
    one = count == 1
    if kind == "name":
        article = "an" if colour[0] in "aeiou" else "a"
        return f"This is {article} {colour} {shape}." if one else f"These are {NUMBERS[count - 1]} {colour} {plural(shape)}."
    if kind == "shape":
        return f"It is a {shape}." if one else f"They are {plural(shape)}."
    if kind == "colour":
        return f"It is {colour}." if one else f"They are {colour}."
    if kind == "count":
        return f"There is one {shape}." if one else f"There are {NUMBERS[count - 1]} {plural(shape)}."
    if kind == "position":
        return f"The {shape} is {POSITIONS[facts['position']]}."
    if kind == "group":
        return "It is a drawing."
    raise ValueError(kind)


def said(text: str) -> str:
    return f'You said "{text}".'


def heard(label: str) -> str:
    return f"I hear {label}."
