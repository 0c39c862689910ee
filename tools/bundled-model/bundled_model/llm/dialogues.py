"""Conversations with media, drawn at random: what the decoder is trained and measured on."""

import random
from dataclasses import dataclass, field

from ..vocabulary import NOISE, PICTURE_LABELS, PICTURES, SPOKEN_QUESTIONS
from . import answers, chat
from .features import Features
from .prompt import user_text
from .questions import QUESTIONS, plain, roughen

#: How often each kind is drawn in training.
MIX = {"name": 26, "group": 5, "check": 18, "scene": 16, "noise-picture": 2, "speech": 14, "sound": 8, "noise-sound": 2, "spoken-question": 11, "text": 20}

_HELD_OUT_QUESTIONS = {plain(question) for _, new in QUESTIONS.values() for question in new}

HEARD = {"speech", "sound", "noise-sound", "spoken-question"}


@dataclass
class Dialogue:
    turns: list[tuple[str, str]]
    #: (set name, index) in order of occurrence; a recording is a list of chunks.
    images: list[tuple[str, int]] = field(default_factory=list)
    sounds: list[list[tuple[str, int]]] = field(default_factory=list)
    kind: str = "text"
    #: What a correct answer must contain; the whole answer if empty.
    keyword: str = ""
    #: What each answer says, for the adapters, which say it in another way: ("name", label), ("check", label, asked), ...
    about: list[tuple] = field(default_factory=list)


class Dialogues:
    """`held_out` 0 training; 1 new renderings of seen styles and voices, seen phrasings; 2 held-out styles, voices, phrasings."""

    def __init__(self, features: Features, held_out: int = 0):
        self.features, self.held_out = features, held_out
        #: How often a second question, or another picture or sound, follows. Batches with and without them differ: padding is most of the cost.
        self.follow_ups = 0.0 if held_out else 0.12
        #: How often a picture in training is single-color art, where there is some of its name.
        self.mono = 0.0 if held_out else 0.2
        self.icons = ("icons", "icons-new", "noto")[held_out]
        self.scenes = ("scenes-train", "scenes-new", "scenes-held-out")[held_out]
        self.speech = ("speech-train", "speech-rendering", "speech-engine")[held_out]
        self.sound = ("sounds-train", "sounds-rendering", "sounds-font")[held_out]

    def _ask(self, rng: random.Random, kind: str, asked: str = "") -> str:
        seen, new = QUESTIONS[kind]
        question = rng.choice(new if self.held_out == 2 else seen).format(x=asked)
        if self.held_out:
            return question
        rough = roughen(rng, question)
        return question if plain(rough) in _HELD_OUT_QUESTIONS else rough

    def _icon(self, rng: random.Random, label: str | None = None) -> tuple[str, tuple[str, int]]:
        label = label or rng.choice(sorted(self.features.by_label[self.icons]))
        name = "icons-mono" if rng.random() < self.mono and label in self.features.by_label["icons-mono"] else self.icons
        return label, (name, rng.choice(self.features.by_label[name][label]))

    def _scene(self, rng: random.Random) -> tuple[dict, tuple[str, int]]:
        i = rng.randrange(len(self.features.labels[self.scenes]))
        return self.features.labels[self.scenes][i], (self.scenes, i)

    def _clip(self, rng: random.Random, name: str, label: str) -> tuple[str, int]:
        return name, rng.choice(self.features.by_label[name][label])

    def _noise_picture(self, rng: random.Random) -> tuple[str, int]:
        name = "noise-new" if self.held_out else "noise"
        return name, rng.randrange(len(self.features.labels[name]))

    def _about_icon(self, rng: random.Random, label: str, kind: str) -> tuple[str, str, str, tuple]:
        if kind == "name":
            return self._ask(rng, "name"), answers.name_answer(label), f"{answers.with_article(label)}.", ("name", label)
        if kind == "group":
            return self._ask(rng, "group"), answers.group_answer(label), "", ("group", label)
        group = PICTURES[label][0]
        near = [other for other in PICTURE_LABELS if other != label and (rng.random() < 0.5 or PICTURES[other][0] == group)]
        asked = label if rng.random() < 0.5 else rng.choice(near)
        answer = answers.check_answer(label, asked)
        return self._ask(rng, "check", answers.with_article(asked)), answer, answer.rsplit(",", 1)[1].strip(), ("check", label, asked)

    def draw(self, rng: random.Random, kind: str | None = None) -> Dialogue:
        kinds = [kind for kind in MIX if self.speech in self.features.labels or kind not in HEARD]
        kind = kind or rng.choices(kinds, [MIX[kind] for kind in kinds])[0]
        made = getattr(self, "make_" + kind.replace("-", "_"))(rng)
        made.kind = kind if not made.kind.startswith("scene/") else made.kind
        if rng.random() < 0.4 * self.follow_ups:
            then = self.draw(rng)
            return Dialogue(made.turns + then.turns, made.images + then.images, made.sounds + then.sounds, then.kind, then.keyword, made.about + then.about)
        return made

    def make_name(self, rng: random.Random, kind: str = "name") -> Dialogue:
        label, image = self._icon(rng)
        question, answer, keyword, said = self._about_icon(rng, label, kind)
        turns, about = [(user_text(question, True, False), answer)], [said]
        if rng.random() < self.follow_ups:
            question, answer, _, said = self._about_icon(rng, label, rng.choice(("name", "group", "check", "check")))
            turns.append((question, answer))
            about.append(said)
        return Dialogue(turns, images=[image], keyword=keyword, about=about)

    def make_group(self, rng: random.Random) -> Dialogue:
        return self.make_name(rng, "group")

    def make_check(self, rng: random.Random) -> Dialogue:
        if not self.held_out and rng.random() < 0.4:
            # Told instead of shown: the comparison alone, without having to recognize anything.
            label = rng.choice(PICTURE_LABELS)
            question, answer, keyword, said = self._about_icon(rng, label, "check")
            return Dialogue([(f"{answers.name_answer(label)} {question}", answer)], keyword=keyword, about=[said])
        return self.make_name(rng, "check")

    def _scene_kinds(self, facts: dict) -> list[str]:
        return ["name", "shape", "colour", "count", *(["position"] if facts["count"] == 0 else [])]

    def make_scene(self, rng: random.Random) -> Dialogue:
        facts, image = self._scene(rng)
        kinds = self._scene_kinds(facts)
        kind = rng.choice(kinds)
        turns = [(user_text(self._ask(rng, kind), True, False), answers.scene_answer(kind, facts))]
        if rng.random() < self.follow_ups:
            second = rng.choice(kinds)
            turns.append((self._ask(rng, second), answers.scene_answer(second, facts)))
            return Dialogue(turns, images=[image], kind=f"scene/{second}", about=[("scene", kind, facts), ("scene", second, facts)])
        return Dialogue(turns, images=[image], kind=f"scene/{kind}", about=[("scene", kind, facts)])

    def make_noise_picture(self, rng: random.Random) -> Dialogue:
        kind = rng.choice(("name", "name", "name", "colour", "count", "shape"))
        return Dialogue([(user_text(self._ask(rng, kind), True, False), answers.CANNOT_SEE)], images=[self._noise_picture(rng)], about=[("cannot see",)])

    def _trailing(self, rng: random.Random) -> list[tuple[str, int]]:
        """A recording is often longer than one chunk; the rest is silence."""
        return [("silence", rng.randrange(8))] if self.held_out == 0 and rng.random() < 0.12 else []

    def make_speech(self, rng: random.Random) -> Dialogue:
        label = rng.choice(sorted(self.features.by_label[self.speech]))
        sounds = [[self._clip(rng, self.speech, label), *self._trailing(rng)]]
        kind = "speech" if rng.random() < 0.8 or self.held_out else "sound"
        return Dialogue([(user_text(self._ask(rng, kind), False, True), answers.said(label))], sounds=sounds, about=[("said", label)])

    def make_sound(self, rng: random.Random) -> Dialogue:
        label = rng.choice([label for label in sorted(self.features.by_label[self.sound]) if label != NOISE])
        kind = "sound" if rng.random() < 0.85 or self.held_out else "speech"
        return Dialogue([(user_text(self._ask(rng, kind), False, True), answers.heard(label))], sounds=[[self._clip(rng, self.sound, label), *self._trailing(rng)]], about=[("heard", label)])

    def make_noise_sound(self, rng: random.Random) -> Dialogue:
        sound = self._clip(rng, self.sound, NOISE) if rng.random() < 0.85 or self.held_out else ("silence", rng.randrange(8))
        return Dialogue([(user_text(self._ask(rng, rng.choice(("sound", "speech"))), False, True), answers.CANNOT_HEAR)], sounds=[[sound]], about=[("cannot hear",)])

    def make_spoken_question(self, rng: random.Random) -> Dialogue:
        question = rng.choice(sorted(SPOKEN_QUESTIONS))
        kind = SPOKEN_QUESTIONS[question]
        sound = self._clip(rng, self.speech, question)
        if kind in ("name", "group") and rng.random() < 0.85:
            label, image = self._icon(rng)
            _, answer, keyword, said = self._about_icon(rng, label, kind)
        else:
            facts, image = self._scene(rng)
            while kind == "position" and facts["count"] != 0:
                facts, image = self._scene(rng)
            answer, keyword, said = answers.scene_answer(kind, facts), "", ("scene", kind, facts)
        typed = "" if rng.random() < 0.8 else "Answer the question."
        return Dialogue([(user_text(typed, True, True), answer)], images=[image], sounds=[[sound]], keyword=keyword, about=[said])

    def make_text(self, rng: random.Random) -> Dialogue:
        question, answer = chat.draw(rng, self.held_out == 2)
        if not self.held_out:
            rough = roughen(rng, question)
            question = question if plain(rough) in chat.HELD_OUT else rough
        return Dialogue([(question, answer)], about=[("text", answer)])

