"""Greedy answers on renderings that training never saw, with 95 % intervals, at q4 and without; how the experts are used."""

import json
import math
import random

import torch

from .llm.dialogues import Dialogue, Dialogues
from .llm.features import Features
from .llm.model import UniMoe, Weight
from .llm.prompt import AUDIO_ID, IMAGE_ID, Tokenizer
from .llm.train import EXPERTS, Batcher, add_lora, load, right
from .paths import STATE

KINDS = ("name", "group", "check", "scene", "speech", "sound", "spoken-question", "text", "noise-picture", "noise-sound")
#: Rows beside the kinds: title -> (kind, number in SETS, which set stands in for which).
EXTRA = {
    "name, seen single-color art": ("name", 1, {"icons": "icons-mono-new"}),
    "name, single-color art": ("name", 2, {"icons": "mono"}),
    "speech, held-out espeak variants": ("speech", 1, {"speech": "speech-variant"}),
}
SETS = {1: "new renderings of seen styles and voices", 2: "held-out styles, voices, sound font and phrasings"}


def wilson(hits: int, count: int) -> tuple[float, float]:
    z, p = 1.96, hits / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return 100 * (middle - half), 100 * (middle + half)


def _ask(model: UniMoe, batcher: Batcher, dialogues: list[Dialogue]) -> list[bool]:
    return [hit for start in range(0, len(dialogues), 64) for hit in right(model, batcher, dialogues[start : start + 64])]


@torch.no_grad()
def expert_use(model: UniMoe, batcher: Batcher, count: int = 96) -> dict[str, list[list[float]]]:
    """Per kind of row and layer, the part of the routed rows that each expert gets."""
    rng = random.Random(9)
    source = Dialogues(batcher.features, 1)
    inputs, ids, learn, length = batcher.batch([source.draw(rng, kind) for kind in ("name", "speech", "sound", "text") for _ in range(count // 4)])
    model.hidden(*inputs)
    valid = torch.arange(ids.shape[1])[None] < length[:, None]
    sound = torch.tensor([False] * (count // 2) + [True] * (count // 4) + [False] * (count // 4))[:, None]
    kinds = {"picture": ids == IMAGE_ID, "speech": (ids == AUDIO_ID) & ~sound, "sound": (ids == AUDIO_ID) & sound, "question": (ids >= 0) & ~learn & valid, "answer": learn}
    out: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    for layer in model.layers:
        chosen = layer.mlp.logits[len(batcher.prefix) :].topk(2).indices
        for kind, rows in kinds.items():
            counts = torch.bincount(chosen[rows.flatten()].flatten(), minlength=EXPERTS).float()
            out[kind].append([round(x, 3) for x in (counts / counts.sum()).tolist()])
    return out


@torch.no_grad()
def evaluate(each: int = 200, quantized_only: bool = False) -> dict:
    batcher = Batcher(Features(), Tokenizer())
    model = load("llm-lora", add_lora).eval()
    results: dict[str, dict] = {}
    for number, title in SETS.items():
        source = Dialogues(batcher.features, number)
        rows = {}
        asked_of = {kind: [source.draw(random.Random(f"{number}/{kind}/{i}"), kind) for i in range(each)] for kind in KINDS}
        for row, (kind, of, instead) in EXTRA.items():
            if of == number:
                other = Dialogues(batcher.features, number)
                vars(other).update(instead)
                asked_of[row] = [other.draw(random.Random(f"{row}/{i}"), kind) for i in range(each)]
        for kind, asked in asked_of.items():
            Weight.quantized = True
            hits = sum(_ask(model, batcher, asked))
            low, high = wilson(hits, each)
            rows[kind] = {"q4": round(100 * hits / each, 1), "interval": [round(low, 1), round(high, 1)], "count": each}
            if not quantized_only:
                Weight.quantized = False
                rows[kind]["float"] = round(100 * sum(_ask(model, batcher, asked)) / each, 1)
            print(title, kind, rows[kind], flush=True)
        results[title] = rows
    Weight.quantized = True
    results["experts"] = expert_use(model, batcher)
    (STATE / "evaluation.json").write_text(json.dumps(results, indent=1))
    return results
