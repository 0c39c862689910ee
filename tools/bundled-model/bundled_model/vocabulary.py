"""What the model knows by name: pictures, drawn shapes, spoken words, sounds. A change here needs every later stage again."""

import re

# One entry per answer. `label` alone: the emoji of that Unicode name. `label = name | name`: several emoji, one answer.
_PICTURES = {
    "animal": """
monkey = monkey face | monkey; gorilla; orangutan; dog = dog face | dog; poodle; wolf; fox; raccoon; cat = cat face | cat | black cat;
lion; tiger = tiger face | tiger; leopard; horse = horse face | horse; unicorn; zebra; deer; bison; cow = cow face | cow; ox;
pig = pig face | pig; boar; ram; sheep = ewe; goat; camel = camel | two-hump camel; llama; giraffe; elephant; mammoth; rhinoceros;
hippopotamus; mouse = mouse face | mouse; rat; hamster; rabbit = rabbit face | rabbit; squirrel = chipmunk; beaver; hedgehog; bat; bear; polar bear;
koala; panda; sloth; otter; skunk; kangaroo; badger; turkey; chicken; rooster; chick = hatching chick | baby chick | front-facing baby chick;
bird; penguin; dove; eagle; duck; swan; owl; dodo; flamingo; peacock; parrot; frog; crocodile; turtle; lizard; snake;
dragon = dragon face | dragon; dinosaur = sauropod | T-Rex; whale = spouting whale | whale; dolphin; seal; fish; tropical fish; blowfish; shark;
octopus; crab; lobster; shrimp; squid; oyster; snail; butterfly; caterpillar = bug; ant; bee = honeybee; beetle; ladybug = lady beetle;
cricket; cockroach; spider; scorpion; mosquito; fly; worm""",
    "plant": """
bouquet; cherry blossom; rose; hibiscus; sunflower; tulip; potted plant; tree = evergreen tree | deciduous tree; palm tree; cactus;
shamrock; maple leaf; mushroom""",
    "food": """
grapes; melon; watermelon; orange = tangerine; lemon; banana; pineapple; mango; apple = red apple | green apple; pear; peach; cherries;
strawberry; blueberries; kiwi = kiwi fruit; tomato; olive; coconut; avocado; eggplant; potato; carrot; corn = ear of corn; hot pepper;
bell pepper; cucumber; broccoli; garlic; onion; peanuts; chestnut; bread; croissant; pretzel; bagel; pancakes; waffle; cheese = cheese wedge;
bacon; hamburger; french fries; pizza; hot dog; sandwich; taco; burrito; egg; salad = green salad; popcorn; butter; salt; rice ball;
spaghetti; sushi; ice cream = soft ice cream | ice cream; doughnut; cookie; cake = birthday cake | shortcake; cupcake; pie; chocolate = chocolate bar;
candy; lollipop; honey = honey pot; milk = glass of milk; coffee = hot beverage; teapot; wine = wine glass; cocktail = cocktail glass; beer = beer mug""",
    "vehicle": """
train = locomotive | train; tram; bus = bus | oncoming bus; ambulance; fire engine; police car; taxi; car = automobile | oncoming automobile; truck = delivery truck | articulated lorry;
tractor; racing car; motorcycle; scooter = motor scooter; bicycle; skateboard; sailboat; canoe; speedboat; ship = ship | passenger ship;
airplane; helicopter; rocket; flying saucer; satellite""",
    "place": """
volcano; mountain = mountain | snow-capped mountain; house = house | house with garden; hospital; castle; church; mosque; fountain; tent; ferris wheel; stadium;
Statue of Liberty; factory""",
    "thing": """
anchor; wheel; traffic light = vertical traffic light; stop sign; parachute; hourglass = hourglass done | hourglass not done; watch; alarm clock; thermometer;
moon = crescent moon; sun = sun | sun with face; planet = ringed planet; star; cloud; tornado; rainbow; umbrella = umbrella | umbrella with rain drops; snowflake; snowman = snowman | snowman without snow;
fire; droplet; jack-o-lantern; Christmas tree; balloon; gift = wrapped gift; trophy; medal = sports medal | 1st place medal; soccer ball;
baseball; basketball; volleyball; football = american football; tennis; bowling; boxing glove; ice skate; skis; kite; dart board = bullseye; crystal ball; game controller = video game; die = game die;
puzzle piece; teddy bear; palette = artist palette; yarn; glasses; sunglasses; necktie; t-shirt; jeans; scarf; gloves; coat; socks; dress; kimono; bikini; handbag;
backpack; shoe = man’s shoe | running shoe; high-heeled shoe; boot = woman’s boot; crown; top hat; graduation cap; lipstick; ring; gem stone; megaphone; bell; musical note;
microphone; headphones = headphone; radio; saxophone; trumpet; accordion; guitar; piano = musical keyboard; violin; banjo; drum; flute; phone = mobile phone; telephone; battery; laptop;
computer = desktop computer; printer; keyboard; computer mouse; floppy disk; movie camera; television; camera = camera | camera with flash; magnifying glass = magnifying glass tilted left; candle;
light bulb; flashlight; book = closed book | open book; newspaper; coin; money bag; treasure chest; credit card; envelope; package; mailbox = closed mailbox with raised flag; pencil; pen; paintbrush; crayon; briefcase; calendar;
pushpin; paperclip; ruler = straight ruler; scissors; lock = locked; key; hammer; axe; dagger; bomb; boomerang; shield; wrench; screwdriver; gear; magnet; ladder; test tube; microscope; telescope; syringe; pill;
door; mirror; window; bed; chair; toilet; bathtub; razor; broom; basket; bucket; soap; toothbrush; fire extinguisher; shopping cart; coffin; heart = red heart | blue heart | green heart; skull; robot; ghost; alien;
pumpkin = jack-o-lantern; eye; ear; nose; tooth; bone; brain; hand = raised hand; smiling face = grinning face | beaming face with smiling eyes; sad face = frowning face | disappointed face; flag = white flag""",
}
#: Not asked for yet: rare, or hard to tell from others at 48 px. Removing one from this list adds it.
_SKIP = {
    name.replace("_", " ")
    for name in """
gorilla orangutan poodle leopard bison ox boar ram mammoth
rat hamster beaver badger sloth otter skunk turkey dove dodo peacock lizard
seal shrimp squid oyster beetle cricket cockroach fly worm mosquito bouquet shamrock
hibiscus mango olive chestnut bagel taco burrito salt butter peanuts pretzel kimono
bikini coffin razor soap basket bucket boomerang crayon pushpin briefcase lipstick flashlight
floppy_disk printer yarn palette boxing_glove skis bowling tennis crystal_ball stadium mosque factory
fountain speedboat canoe tram flying_saucer satellite wheel parachute thermometer tornado droplet hot_pepper
garlic bell_pepper rice_ball candy wine cocktail movie_camera credit_card test_tube microscope syringe
fire_extinguisher shopping_cart ear bathtub toilet dagger wrench battery saxophone banjo computer_mouse magnet
ladder package blowfish pumpkin radio newspaper money_bag mirror window door 
deer stop_sign melon melon lime chick badger caterpillar 
planet die dart_board scorpion necktie socks coat puzzle_piece treasure_chest broom Statue_of_Liberty""".split()
}

GROUPS = tuple(_PICTURES)


def _parse() -> dict[str, tuple[str, list[str]]]:
    pictures: dict[str, tuple[str, list[str]]] = {}
    for group, text in _PICTURES.items():
        for entry in re.split(r"[;\n]", text):
            if not entry.strip():
                continue
            label, _, names = entry.partition("=")
            label = label.strip()
            if label in _SKIP:
                continue
            pictures[label] = (group, [n.strip() for n in names.split("|")] if names else [label])
    return pictures


#: answer -> (group, Unicode names)
PICTURES = _parse()
PICTURE_LABELS = sorted(PICTURES)


def icon_key(unicode_name: str) -> str:
    """Key shared by the icon packages: lower case, runs of other characters to one hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", unicode_name.lower().replace("’", "")).strip("-")


SHAPES = ("circle", "square", "triangle", "star", "heart", "cross", "ring", "diamond")
COLOURS = {
    "red": (222, 40, 40), "green": (40, 160, 60), "blue": (40, 80, 220), "yellow": (245, 215, 40), "orange": (245, 140, 30),
    "purple": (140, 60, 180), "pink": (250, 140, 190), "brown": (130, 80, 45), "black": (20, 20, 20), "gray": (130, 130, 130),
}
NUMBERS = ("one", "two", "three", "four", "five")
POSITIONS = ("in the middle", "on the left", "on the right", "at the top", "at the bottom")

WORDS = """yes no hello goodbye please thanks stop go up down left right open close start finish
zero one two three four five six seven eight nine ten
red green blue yellow orange purple pink brown black white
cat dog bird fish horse cow pig sheep lion tiger elephant monkey mouse rabbit snake
apple banana lemon bread cheese coffee water pizza chocolate sugar
house car tree flower river mountain ocean forest window table chair garden bridge castle
computer music camera picture telephone robot guitar piano
monday friday summer winter morning evening happy family doctor teacher
mother father brother sister money number question answer""".split()

#: Spoken questions about a picture and the kind of answer they want.
SPOKEN_QUESTIONS = {
    "what is this": "name", "what do you see": "name", "tell me what this is": "name",
    "what color is it": "colour", "which color is this": "colour",
    "how many are there": "count", "where is it": "position",
    "what shape is it": "shape", "what kind of thing is this": "group",
}

#: answer -> General-MIDI program (0-based), or a name that `sounds.py` synthesises.
SOUNDS = {
    "a piano": 0, "a music box": 10, "a xylophone": 13, "church bells": 14, "an organ": 19, "an accordion": 21, "a harmonica": 22,
    "a guitar": 24, "an electric guitar": 30, "a violin": 40, "a harp": 46, "a choir": 52, "a trumpet": 56, "a saxophone": 65,
    "a flute": 73, "a sitar": 104, "a banjo": 105, "a bagpipe": 109, "a steel drum": 114, "the sea": 122, "a bird": 123,
    "a telephone": 124, "a helicopter": 125, "applause": 126, "a gunshot": 127, "drums": "drums", "a siren": "siren", "a beep": "beep",
}
SOUND_LABELS = tuple(SOUNDS)
NOISE = "<noise>"

#: Classes of the throw-away head of the audio tower.
AUDIO_CLASSES = (*WORDS, *SPOKEN_QUESTIONS, *SOUND_LABELS, NOISE)
