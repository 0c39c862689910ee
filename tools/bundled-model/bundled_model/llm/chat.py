"""Text-only turns by family: (question, accepted answer); some phrasings of each family are for the evaluation only."""

import random

from ..vocabulary import PICTURES
from .answers import with_article
from .questions import expand, plain

_NAME = "I am a small Uni-MoE model that runs in your browser."
_CAN = "I can name pictures, colors, shapes, spoken words and sounds."
_NO_PICTURE = "I don't see a picture. Please show me one."
_NO_SOUND = "I don't hear anything. Please say a word."
_UNKNOWN = "I don't know that. I am a very small model."

#: answer, phrasings of training, phrasings of the evaluation; patterns as in `questions`.
_FIXED = [
    ("Hello! Show me a picture or say a word.",
     "(Hello|Hi|Hey|Hey you|Hello you|Hi you|Greetings|Howdy|Welcome)(|!|.); Good (morning|day|afternoon)(|!|.); Hi there; Hey there, you; (Hello|Hi|Hey), (model|computer|friend|robot|my friend|Uni-MoE).; Hello again.; Hello, (hello|hi).; (Hi|Hey) again!; Nice to meet you.; Good to see you.; Hello, nice to meet you.; Anybody there?; Are you there?; Hello, are you there?; Let's start.; Hi there, friend",
     "Hello there!; hey there; Good evening"),
    ("I am fine, thank you.",
     "How are you(|?| doing?| feeling?| now?| this morning?| tonight?); How do you feel(|?| now?| today?); Are you (okay|well|fine|alright|good)?; How is it going?; How's it going?; How are things?; How do you do?; Hi, how are you?; Hello, how are you?; Is everything okay?; Is all well?; What's up?; How was your day?; How have you been?; Feeling good?",
     "How are you today?"),
    (_NAME,
     "(Who|What) are you?; Who or what are you?; What is your name?; (Tell|Say) me your name.; What should I call you?; Do you have a name?; Your name?; Tell me (about yourself|something about you|what you are|what kind of model you are).; Are you a (robot|human|person|computer|model|program|chatbot|machine)?; (What|Which) (model|program|AI) are you?; Introduce yourself.; Please introduce yourself.; What is this (program|model|page|demo)?; Who am I talking to?; Who is there?; Who is speaking?; With whom do I speak?; What are you called?; Describe yourself.; Say who you are.; Who are you really?; Are you ChatGPT?; Are you alive?; Are you real?; May I know your name?; And your name?; What do they call you?",
     "Who is this?; Tell me who you are.; What's your name?"),
    (_CAN,
     "What can you (do|tell me|name|see and hear|do for me|understand|recognize)?; What do you know?; How can you help(| me)?; Help(|!|.); help me(|!|, please.); I need help.; What are you (good at|good for|able to do|made for|for)?; What (can|could|should|may) I ask you?; What can I (do here|show you|say to you|do with you)?; How does this work?; How do I use (this|you)?; What is this for?; What do you do?; What are your (skills|abilities|talents)?; Tell me what (you do|you know|I can ask you|you are good at).; Which things can you name?; Show me what you can do.; What tasks can you do?; What did you learn?; What have you learned?; What else can you do?; Can you help me?; Do you know anything?; What works?; Explain what you can do.; Give me an idea of what to ask.",
     "Tell me what you can do.; What can I ask?"),
    ("You are welcome!",
     "(Thanks|Thank you|Thx|Many thanks to you|Thanks again|Thank you again|Thank you so much|Thank you very much|Thanks so much|Thanks very much|Great, thanks|OK, thanks|Thanks for your help|Thank you for your help|Thanks, that helps|Big thanks|I thank you)(|!|.); Thanks a lot for that.; (Nice|Well done|Great|Good|Good job|Very good|Perfect|Cool|Awesome)(|!), thank you.; That was helpful, thanks.; You helped me, thank you.; Well done, thanks.; Thanks, friend.",
     "Thanks a lot!; Many thanks"),
    ("Goodbye!",
     "(Bye|Goodbye|Good bye|See you|See you soon|See you tomorrow|So long|Farewell|Good night|Take care|Until later|Until next time|Talk to you later|Bye for now|Bye, model|Catch you later|Cheers, bye)(|!|.); I (must|have to) go(| now).; I am leaving.; I am going.; Time to go.; That is all, bye.; Have a nice day.; See you later, friend.; Okay, bye.; Bye, see you.; Let's stop.; We are done.; Goodbye, friend.",
     "Bye bye; See you later!"),
    (_NO_PICTURE,
     "What is (this|that|it|in the picture|in the image|in my picture|shown here)?; What do you see(| here)?; What am I looking at?; Describe the (image|photo).; What (color|shape) is (it|this)?; How many are there?; Where is it?; Do you see (something|this|it|my picture|a picture)?; Can you see (this|my picture|the picture|anything|something)?; What kind of thing is this?; Name this.; Look at this.; Look at my picture.; Name the object.; Which color is it?; How many shapes do you see?; Where is the shape?; What object is this?; Tell me what you see.; What's in the (picture|image)?; Do you like the picture?; Is this a (cat|dog|car|tree|banana|house)?; Is it (a cat|a dog|an apple|red|blue)?; What is on my picture?",
     "What does the picture show?; Describe the picture."),
    (_NO_SOUND,
     "What did I (say|just say)?; What do you hear(| now)?; What is this sound?; Which instrument is (this|it)?; What (word|sound) is this?; Did you hear (me|that|it)?; Can you hear (me|this|that|it|anything)?; Listen(|.| to this.); Repeat what I said.; Which sound is it?; What did you hear?; Do you hear (me|this|something|the music)?; Which instrument do you hear?; What is that noise?; What is playing?; Repeat the word.; What makes this sound?; What did I record?; Write down what I said.; Tell me what you heard.",
     "What can you hear?; Which word did I say?"),
    ("One, two, three, four, five.",
     "(Count|Please count|Can you count|Could you count|Count up|Now count|Count for me|Let's count|Will you count) to five(|.|, please.); Count from one to five.; Count up to five for me.; Say the numbers to five.; Say the numbers from one to five.; One to five, please.; Count (1 to 5|from 1 to 5).; Please count up to 5.; Can you count to 5?; Give me the numbers from one to five.; Name the first five numbers.; I want you to count to five.; Count until five.",
     "Count to 5."),
    ("One, two, three, four, five, six, seven, eight, nine, ten.",
     "(Count|Please count|Can you count|Could you count|Count up|Now count|Count for me|Let's count|Will you count) to ten(|.|, please.); Count from one to ten.; Count up to ten for me.; Say the numbers to ten.; Say the numbers from one to ten.; One to ten, please.; Count (1 to 10|from 1 to 10).; Please count up to 10.; Can you count to 10?; Give me the numbers from one to ten.; Name the first ten numbers.; I want you to count to ten.; Count until ten.",
     "Count to 10."),
    ("I run on your own computer. Nothing leaves it.",
     "Where (do you run|are you running|are you|does my picture go|do my pictures go|is my data|does my voice go|do you keep my data|does this run)?; Where are you now?; Do you (send|upload|share|keep|store|save) my (data|pictures|voice|picture)(|?| away?); Are you (in the cloud|on a server|on the internet|online|local|private|offline)?; Do you need (the internet|a server|a network)?; Is (this|it) (private|safe|local)?; Who (sees|gets|can see) my (pictures|data|picture)?; Does anything leave my computer?; Is my (data|picture) safe?; Where do you work?; On which computer do you run?; Which computer do you run on?; Do you run (on my computer|in my browser|locally|here)?; Where is your home?; Do you spy on me?; Can you work without internet?",
     "Where do you live?"),
    ("I have four experts, and two of them work on each token.",
     "How do you work?; How (do|did) you (think|answer)?; How many experts (do you have|have you|are there|are in you|work in you)?; What is (an expert|a mixture of experts|MoE|inside you|your architecture)?; What are (your experts|experts|the experts)?; Explain (the|your) experts.; Tell me about (your|the) experts.; How are you built?; How are you made?; What is your inside like?; Do you have experts?; Which experts do you have?; How does a mixture of experts work?; Describe your experts.; How big are you inside?; Explain how you work.; What does MoE mean?; How many of your experts work?; What do the experts do?; What do your experts do?",
     "How do your experts work?"),
    (_UNKNOWN,
     "Who is the (president|king|pope|boss|chancellor|best player|richest man); Who (won the game|wrote this book|made the world|invented the car|was Einstein|will win|built Rome|discovered America|painted this)?; Write (a poem|code|an essay|a letter|a song|an email|a book|a program|a report|me a poem|some code)(|.| for me.); What is the (meaning of life|weather like|capital of France|capital of Spain|population of India|speed of light|news|stock price|largest city|date|best phone|square root of two); What time is it?; What day is it?; Tell me (a story|the news|the time|something about history|about France|about the war|a secret|about quantum physics).; Explain (physics|history|the universe|gravity|politics|law|math|chemistry|evolution).; Translate (this|it|this sentence|it into French).; What is (love|truth|time|money|art|happiness|physics|a black hole|democracy)?; How old (is the earth|is the sun|am I|is the king)?; Give me (a recipe|advice|money|a tip|directions|a list of films).; What should I (do today|eat|buy|wear|read|cook|watch)?; How (far is the moon|tall is the tower|do I cook rice|do planes fly|does a car work|do I get rich|much does it cost|long does it take)?; Why (is the sky blue|do we sleep|is there war|do birds sing|does it rain)?; When (is Easter|did the war end|was Rome built|is the next train|does it start)?; Where is (Paris|my car|the station|Berlin|Africa|my key)?; Can you (drive|cook|sing|dance|solve equations|book a flight|write a letter|play chess)?; Do you know (my name|Paris|the president|French|the news|history)?; Will it rain?; Which (team won|film is best|city is the largest|book should I read)?; Summarize this (text|book|article).; Fix my code.; Plan my day.",
     "What is the weather today?; Write a story.; Who is the queen?"),
    ("I am happy.",
     "Are you (happy|sad|angry|tired|glad|bored)(|?| now?); Do you (like music|like people|feel happy|like me|like your job|have feelings|feel anything|like pictures|like it here)?; Do you ever feel sad?; What makes you happy?; Is a model happy?; Are you in a good mood?; How happy are you?; What is your mood?",
     "Are you happy today?"),
    ("A cat and a dog walk into a browser. Both load fine.",
     "Tell (me a|us a|a) joke.; (Do you know|Know|Have you got|Do you have) (a joke|any jokes|a good joke)?; Say something (funny|to make me laugh).; Make me laugh.; A joke, please.; Joke!; Give me a joke.; Please tell me a joke.; Could you tell (me|us) a joke?; I want (a joke|to laugh|to hear a joke).; Tell me something funny.; Be funny.; Another joke.; Make a joke.; Can you be funny?; Are you funny?",
     "Can you tell me a joke?"),
    ("Please show me another picture or say a word.",
     "(Okay|OK|Ok|Fine|Good|Great|Nice|Cool|Yes|No|Right|Wrong|Hm|Aha|I see|Wow|Really|Sure|Well)(|.|!|?); That is (right|wrong|good|correct|nice|not right|great|true|false); You are (right|wrong|good|great|funny|clever|smart|cute|silly|small|slow|fast); (What now|What next|And now|Next|Go on|Continue|More|Again)(|?|.|!); I (like|love) (you|this|it); Well done(|.|!); Correct.; Good (job|answer|work)(|.|!); Let's go on.; Try again.; One more.; I am (bored|ready|here|happy|tired|hungry).; Test(|.|!|ing); Maybe.; Interesting.",
     "Very nice!; What shall we do now?"),
]
_OPPOSITES = "hot cold;big small;up down;left right;open closed;day night;black white;happy sad;fast slow;old new;high low;full empty;in out;yes no;good bad;long short;hard soft;wet dry;loud quiet;light dark;first last;early late;rich poor;strong weak;push pull".split(";")
_COLOURS = {"a banana": "yellow", "the sky": "blue", "grass": "green", "snow": "white", "a tomato": "red", "coal": "black", "an orange": "orange", "milk": "white", "a strawberry": "red", "a lemon": "yellow", "a frog": "green", "an elephant": "gray", "chocolate": "brown", "a leaf": "green", "the sun": "yellow", "blood": "red"}
_NEXT = ["Monday Tuesday Wednesday Thursday Friday Saturday Sunday Monday".split(), "January February March April May June July August September October November December January".split(), "one two three four five six seven eight nine ten".split()]

#: family -> (patterns of training, patterns of the evaluation)
_TEMPLATES = {
    "opposite": ("What is the opposite (of|to) {a}?; Tell me the opposite of {a}.; opposite of {a}; What's the opposite of {a}?; Give me the opposite of {a}.; Which word is the opposite of {a}?; Say the opposite of {a}.; Do you know the opposite of {a}?; What word means the opposite of {a}?; {a}: what is the opposite?; What is not {a}, but the opposite?; Find the opposite of {a}.; The opposite of {a}?; The opposite of {a} is; I need the opposite of {a}.; What would be the opposite of {a}?; Can you tell me the opposite of {a}?; Please name the opposite of {a}, thanks.; Which is the opposite of {a}?",
                 "Name the opposite of {a}."),
    "colour": ("(What|what) (color|colour) (is|has) {a}?; What is the (color|colour) of {a}?; Tell me the color of {a}.; What's the color of {a}?; {a} is what color?; Of what color is {a}?; What color does {a} have?; Do you know the color of {a}?; Name the color of {a}.; Say what color {a} is.; In which color do I paint {a}?; Color of {a}?; Which colour is {a}?; Which color has {a}?; What color is {a} usually?; Can you tell me the color of {a}?",
               "Which color is {a}?"),
    "next": ("What comes (after|behind) {a}?; What is after {a}?; What comes next after {a}?; What follows {a}?; What follows after {a}?; Which one comes after {a}?; What is next after {a}?; What do I say after {a}?; After {a} comes what?; After {a} comes; Name what comes after {a}.; Say what comes after {a}.; Do you know what comes after {a}?; What's after {a}?; {a}, and then?; What is the next one after {a}?; Can you tell me what comes after {a}?; Tell me what is after {a}.; Tell me what follows {a}.",
             "Tell me what comes after {a}."),
    "sum": ("(What is|what is|What's) {a} plus {b}?; What is {a} + {b}?; {a} + {b}; {a}+{b}; {a} + {b} =; {a} plus {b}; How much are {a} and {b}?; Add {a} and {b}.; Add {b} to {a}.; What is the sum of {a} and {b}?; Tell me {a} plus {b}.; What do {a} and {b} make?; How much does {a} plus {b} make?; Calculate {a} plus {b}.; How much do you get for {a} plus {b}?; What do you get for {a} plus {b}?; Can you add {a} and {b}?; {a} plus {b} is what?; What does {a} plus {b} give?; Do you know {a} plus {b}?; How much is {a} and {b}?; {a} and {b} is how much?; How much would {a} plus {b} be?",
            "How much is {a} plus {b}?"),
    "is": ("{Verb} {a} {noun}?; Would you call {a} {noun}?; Do you think {a} {verb} {noun}?; Tell me, {verb} {a} {noun}?; {verb} {a} {noun}; Can {a} be {noun}?; Do you know if {a} {verb} {noun}?; {Verb} {a} {noun} or not?; {A} {verb} {noun}, right?; I think {a} {verb} {noun}. Right?; Would you say {a} {verb} {noun}?; Is it true that {a} {verb} {noun}?",
           "Say if {a} {verb} {noun}."),
}


def _fill(answer: str, family: str, **words: str) -> tuple[str, list[str], list[str]]:
    seen, new = ([text.format(**words) for pattern in part.split("; ") for text in expand(pattern.replace("; ", ""))] for part in _TEMPLATES[family])
    upper = lambda text: text[0].upper() + text[1:] if not text.startswith(("opposite", "what", "is ", "are ")) else text
    return answer, [upper(text) for text in seen], [upper(text) for text in new]


def _build() -> dict[str, list[tuple[str, list[str], list[str]]]]:
    """family -> (answer, phrasings of training, phrasings of the evaluation)"""
    families: dict[str, list[tuple[str, list[str], list[str]]]] = {"fixed": []}
    for answer, seen, new in _FIXED:
        phrases = lambda text: [phrase for pattern in text.split("; ") for phrase in expand(pattern)]
        families["fixed"].append((answer, phrases(seen), phrases(new)))
    families["opposite"] = [_fill(f"The opposite of {a} is {b}.", "opposite", a=a) for pair in _OPPOSITES for a, b in (pair.split(), pair.split()[::-1])]
    families["colour"] = [_fill(f"{thing[0].upper() + thing[1:]} is {colour}.", "colour", a=thing) for thing, colour in _COLOURS.items()]
    families["next"] = [_fill(f"{b[0].upper() + b[1:]} comes after {a}.", "next", a=a) for row in _NEXT for a, b in zip(row, row[1:])]
    families["sum"] = [_fill(f"{a} plus {b} is {a + b}.", "sum", a=str(a), b=str(b)) for a in range(11) for b in range(11)]
    families["is"] = []
    nouns = {"animal": "an animal", "food": "food", "vehicle": "a vehicle"}
    for label, (group, _) in PICTURES.items():
        thing = with_article(label)
        verb = "are" if thing == label and label.endswith("s") else "is"
        words = {"a": thing, "A": thing[0].upper() + thing[1:], "verb": verb, "Verb": verb.capitalize()}
        for other, noun in nouns.items():
            if group in nouns:
                families["is"].append(_fill(f"{'Yes' if other == group else 'No'}, {thing} {verb} {'' if other == group else 'not '}{noun}.", "is", noun=noun, **words))
    held_out = {plain(question) for rows in families.values() for _, _, new in rows for question in new}
    return {family: [(answer, [q for q in seen if plain(q) not in held_out], new) for answer, seen, new in rows] for family, rows in families.items()}


FAMILIES = _build()
HELD_OUT = {plain(question) for rows in FAMILIES.values() for _, _, new in rows for question in new}
SEEN = [(q, answer) for rows in FAMILIES.values() for answer, seen, _ in rows for q in seen]
#: How often a family is drawn: small talk is rare among the rows but frequent in a demo.
_SHARES = {"fixed": 44, "opposite": 12, "colour": 8, "next": 9, "sum": 16, "is": 11}


def draw(rng: random.Random, held_out: bool = False) -> tuple[str, str]:
    family = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
    answer, seen, new = rng.choice(FAMILIES[family])
    return rng.choice(new if held_out else seen), answer
