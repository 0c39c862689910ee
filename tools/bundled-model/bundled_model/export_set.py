"""Labelled sets for `pnpm evaluate` (docs/evaluation.md): the evaluation's questions with their pictures and sounds as files."""

import json
import random
import shutil
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from . import pictures
from .clips import RATE, Clips
from .llm.dialogues import Dialogue, Dialogues
from .llm.prompt import AUDIO, IMAGE
from .towers.audio import sets_of

PIXELS = 240
SETS = {
    "seen": (1, "New renderings of drawing styles and voices that training saw."),
    "held-out": (2, "Drawing styles, voices, a sound font, phrasings, sizes and backgrounds that training never saw."),
    "line-art": (2, "Single-color art of a style that training never saw."),
}
KINDS = ("name", "group", "check", "scene", "speech", "sound", "spoken-question", "text", "noise-picture", "noise-sound")


class Sources:
    """Stands for `Features`: the same names of sets and labels, but pixels and samples behind them."""

    def __init__(self) -> None:
        _, self.icons = pictures.load_icons()
        self.clips = {"speech": Clips("speech"), "sounds": Clips("sounds")}
        styles = {"icons-new": pictures.TRAIN_STYLES, "noto": ("noto",), "mono": ("fluentui/high-contrast",)}
        self.rows = {name: [i for i, row in enumerate(self.icons) if row["style"] in chosen] for name, chosen in styles.items()}
        self.labels: dict[str, list] = {name: [self.icons[i]["label"] for i in rows] for name, rows in self.rows.items()}
        for name, clips in self.clips.items():
            for part, chosen in sets_of(clips).items():
                self.rows[f"{name}-{part}"] = chosen.tolist()
                self.labels[f"{name}-{part}"] = [clips.rows[i][1] for i in chosen]
        # `Dialogues` needs their facts before it draws a question.
        self.scenes = {name: [pictures.draw_scene(random.Random(f"set/{name}/{i}"), held_out, PIXELS) for i in range(300)] for name, held_out in (("scenes-new", False), ("scenes-held-out", True))}
        self.labels |= {name: [facts for _, facts in drawn] for name, drawn in self.scenes.items()}
        self.noise = pictures.draw_noise(np.random.default_rng(31), 200)
        self.labels["noise-new"] = [None] * len(self.noise)
        self.by_label: dict[str, dict[str, list[int]]] = {}
        for name, labels in self.labels.items():
            for i, label in enumerate(labels):
                if isinstance(label, str):
                    self.by_label.setdefault(name, {}).setdefault(label, []).append(i)

    def draw_icons(self, dialogues: list[Dialogue]) -> None:
        """All icons that they show, in one go: the renderer takes long to start."""
        places = sorted({place for dialogue in dialogues for place in dialogue.images if place[0] in self.rows})
        jobs = [self.icons[self.rows[name][i]]["job"] for name, i in places]
        self.drawn = dict(zip(places, pictures.draw_jobs(jobs, PIXELS))) if jobs else {}

    def picture(self, place: tuple[str, int], rng: random.Random) -> Image.Image:
        name, i = place
        if name == "noise-new":
            return Image.fromarray(self.noise[i])
        if name in self.scenes:
            return Image.fromarray(self.scenes[name][i][0])
        side = int(PIXELS * rng.uniform(0.72, 0.94))
        # Premultiplied: scaled channel by channel.
        channels = [Image.fromarray(channel).resize((side, side), Image.LANCZOS) for channel in np.moveaxis(self.drawn[place], 2, 0)]
        icon = np.stack([np.asarray(channel) for channel in channels], 2).astype(np.float32)
        paper = np.array(rng.choice(((255, 255, 255), (255, 255, 255), (246, 244, 238), tuple(rng.randint(60, 255) for _ in range(3)))), np.float32)
        out = np.zeros((PIXELS, PIXELS, 3), np.float32) + paper
        x, y = rng.randint(0, PIXELS - side), rng.randint(0, PIXELS - side)
        part = out[y : y + side, x : x + side]
        out[y : y + side, x : x + side] = icon[..., :3] + part * (1 - icon[..., 3:] / 255)
        return Image.fromarray(out.clip(0, 255).astype(np.uint8))

    def sound(self, place: tuple[str, int], rng: random.Random) -> np.ndarray:
        """The clip with a little silence around it, at some loudness, with faint noise."""
        name, i = place
        clip = self.clips[name.split("-")[0]][self.rows[name][i]]
        gain = 10 ** -rng.uniform(0.1, 0.6)
        silence = lambda most: np.zeros(int(rng.uniform(0.05, most) * RATE), np.float32)
        wave = np.concatenate([silence(0.25), gain * clip, silence(0.2)])[: 3 * RATE]
        return wave + 10 ** rng.uniform(-3.5, -2.5) * np.random.default_rng(rng.randrange(2**31)).standard_normal(len(wave))


def _accepted(dialogue: Dialogue) -> tuple[list[str], str]:
    answer = dialogue.turns[-1][1]
    if dialogue.keyword:
        return [dialogue.keyword.rstrip(".")], "contains"
    return [answer], "exact"


def export_set(folder: Path, name: str, each: int) -> None:
    """FOLDER/set.json with `each` questions per kind, their PNG pictures and WAV sounds; the same on every run."""
    held_out, description = SETS[name]
    source = Sources()
    dialogues = Dialogues(source, held_out)
    if name == "line-art":
        dialogues.icons = "mono"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    asked = []
    for kind in ("name",) if name == "line-art" else KINDS:
        for i in range(each):
            rng = random.Random(f"set/{name}/{kind}/{i}")
            asked.append((f"{kind}-{i + 1}", dialogues.draw(rng, kind), rng))
    source.draw_icons([dialogue for _, dialogue, _ in asked])
    items = []
    for id_, dialogue, rng in asked:
        answers, match = _accepted(dialogue)
        item = {"id": id_, "kind": dialogue.kind, "answers": answers, "match": match}
        question = dialogue.turns[-1][0].replace(f"{IMAGE}\n", "").replace(f"{AUDIO}\n", "")
        if question:
            item["question"] = question
        if dialogue.images:
            item["image"] = f"{id_}.png"
            source.picture(dialogue.images[0], rng).save(folder / item["image"], optimize=True)
        if dialogue.sounds:
            item["audio"] = f"{id_}.wav"
            soundfile.write(folder / item["audio"], source.sound(dialogue.sounds[0][0], rng), RATE, "PCM_16")
        items.append(item)
    (folder / "set.json").write_text(json.dumps({"version": 1, "name": name, "description": description, "items": items}, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(items)} questions in {folder}")
