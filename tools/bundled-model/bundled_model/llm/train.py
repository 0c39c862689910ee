"""The decoder's stages: dense warm-up, experts specialised by modality, then LoRA and routers with load balance."""

import math
import random
import time

import torch
import torch.nn.functional as F
from torch import Tensor

from ..paths import STATE
from ..pictures import IMAGE
from ..towers import audio, vision
from ..towers.training import Trainer, autocast
from . import answers, chat
from .dialogues import Dialogue, Dialogues
from .features import Features
from .model import Config, UniMoe, Weight
from .prompt import AUDIO_ID, IMAGE_ID, SYSTEM, Tokenizer, full_text, train_tokenizer
from .styles import in_some_style

IMAGE_ROWS = (IMAGE // vision.PATCH) ** 2
EXPERTS, PER_TOKEN, RANK, ALPHA = 4, 2, 8, 16
#: Noise on the features in training, relative to their spread: new styles and voices lie beside what the cache holds.
NOISE = 0.15
#: Batches that are drawn together and sorted by length.
POOL = 6
#: Experts that each kind of row is led to while experts specialise: text, picture, speech or sound, answers.
TEXT, PICTURE, SOUND = 0, 1, 2
LED_TO = {TEXT: (0, 3), PICTURE: (1, 3), SOUND: (2, 3)}


def make_tokenizer(dialogues: Dialogues, extra: list[str] = (), count: int = 16000) -> None:
    rng = random.Random(3)
    texts = [full_text(dialogues.draw(rng).turns) for _ in range(count)]
    texts += [full_text([turn]) for turn in chat.SEEN]
    train_tokenizer([*texts, *extra])


class Batcher:
    """Dialogues to padded tensors. The ids all prompts start with are kept apart."""

    def __init__(self, features: Features, tokenizer: Tokenizer):
        self.features, self.tokenizer = features, tokenizer
        self.prefix = tokenizer.conversation([])[0] + tokenizer.pieces.encode(f"{SYSTEM} USER:")

    def expand(self, dialogue: Dialogue, answered: bool = True) -> tuple[list[int], list[bool]]:
        """Ids behind the prefix with a placeholder repeated once per row of its medium, and which ids are answers."""
        turns = [*dialogue.turns[:-1], (dialogue.turns[-1][0], dialogue.turns[-1][1] if answered else None)]
        ids, learn = self.tokenizer.conversation(turns)
        start = len(self.prefix)
        assert ids[:start] == self.prefix, (ids[: start + 4], self.prefix)
        out, flags, recordings = [], [], iter(dialogue.sounds)
        for id_, flag in zip(ids[start:], learn[start:]):
            rows = IMAGE_ROWS if id_ == IMAGE_ID else audio.QUERIES * len(next(recordings)) if id_ == AUDIO_ID else 1
            out += [id_] * rows
            flags += [flag] * rows
        return out, flags

    def media(self, dialogues: list[Dialogue]) -> tuple[Tensor, Tensor]:
        take = lambda places: torch.stack([self.features.features[name][i].float() for name, i in places]) if places else torch.zeros(0)
        return take([p for d in dialogues for p in d.images]), take([chunk for d in dialogues for recording in d.sounds for chunk in recording])

    def batch(self, dialogues: list[Dialogue], answered: bool = True):
        rows = [self.expand(d, answered) for d in dialogues]
        width = max(len(ids) for ids, _ in rows)
        ids = torch.tensor([ids + [0] * (width - len(ids)) for ids, _ in rows])
        learn = torch.tensor([flags + [False] * (width - len(flags)) for _, flags in rows])
        length = torch.tensor([len(ids) for ids, _ in rows])
        images, sounds = self.media(dialogues)
        inputs = (torch.tensor(self.prefix), ids.clamp(min=0), images, ids == IMAGE_ID, sounds, ids == AUDIO_ID)
        return inputs, ids, learn, length


def answer_loss(model, inputs, ids: Tensor, learn: Tensor) -> Tensor:
    with autocast():
        states = model.hidden(*inputs)
        at = learn[:, 1:]
        logits = model.lm_head(states[:, :-1][at])
    return F.cross_entropy(logits.float(), ids[:, 1:][at])


def router_losses(model: UniMoe, prefix: int, ids: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    """How far rows are from the experts of their modality, and the load balance of the reference's training (fraction of
    rows times mean probability per expert)."""
    kinds = torch.where(ids == IMAGE_ID, PICTURE, torch.where(ids == AUDIO_ID, SOUND, TEXT)).flatten()
    valid = (torch.arange(ids.shape[1])[None] < length[:, None]).flatten()
    led, balance = torch.zeros(()), torch.zeros(())
    wanted = torch.stack([F.one_hot(torch.tensor(LED_TO[kind]), EXPERTS).sum(0) for kind in (TEXT, PICTURE, SOUND)])[kinds].float()
    for layer in model.layers:
        logits = layer.mlp.logits[prefix:][valid]
        probabilities = logits.softmax(-1)
        led = led - (probabilities * wanted[valid]).sum(-1).clamp(min=1e-6).log().mean()
        chosen = F.one_hot(logits.topk(PER_TOKEN).indices, EXPERTS).sum(1).float().mean(0) / PER_TOKEN
        balance = balance + EXPERTS * (chosen * probabilities.mean(0)).sum()
    return led / len(model.layers), balance / len(model.layers)


class NamingLoss:
    """Connectors learn sooner when the mean of a medium's rows is also asked, through the decoder's own norm and head, for
    the pieces of its name: attention then only has to copy what it finds."""

    def __init__(self, features: Features, tokenizer: Tokenizer):
        inner = lambda before, text, after: tokenizer.pieces.encode(before + text + after)[len(tokenizer.pieces.encode(before)) : -len(tokenizer.pieces.encode("x" + after)) + len(tokenizer.pieces.encode("x"))]
        self.pools = []
        for part, say in (("icons", lambda x: tokenizer.pieces.encode(x)), ("icons-mono", lambda x: tokenizer.pieces.encode(x)), ("speech-train", lambda x: inner('You said "', x, '".')), ("sounds-train", lambda x: tokenizer.pieces.encode(x.split(" ", 1)[-1]))):
            if part not in features.labels:
                continue
            labels = features.labels[part]
            pieces = {label: say(label) for label in sorted(set(labels)) if not label.startswith("<")}
            rows = [i for i, label in enumerate(labels) if label in pieces]
            width = max(map(len, pieces.values()))
            target = torch.tensor([pieces[labels[i]] + [-1] * (width - len(pieces[labels[i]])) for i in rows])
            self.pools.append((part.startswith("icons"), features.features[part], torch.tensor(rows), target))

    def __call__(self, model: UniMoe, step: int, count: int = 64) -> Tensor:
        generator = torch.Generator().manual_seed(step)
        total = torch.zeros(())
        for is_picture, features, rows, target in self.pools:
            chosen = torch.randint(len(rows), (count,), generator=generator)
            media = features[rows[chosen]].float()
            with autocast():
                pooled = (model.mm_projector if is_picture else model.audio_projector)(media).mean(1)
                scores = model.lm_head(model.norm(pooled)).float().log_softmax(-1)
            wanted = target[chosen]
            total = total - (scores.gather(1, wanted.clamp(min=0)) * (wanted >= 0)).sum(1).div((wanted >= 0).sum(1)).mean()
        return total


@torch.no_grad()
def generate(model, batcher: Batcher, dialogues: list[Dialogue], limit: int = 28) -> list[str]:
    """Greedy answers to the last question of each dialogue; everything is computed again for each token."""
    inputs, _, _, length = batcher.batch(dialogues, answered=False)
    prefix, ids, images, image_rows, sounds, sound_rows = inputs
    said: list[list[int]] = [[] for _ in dialogues]
    done = torch.zeros(len(dialogues), dtype=torch.bool)
    for _ in range(limit):
        with autocast():
            states = model.hidden(prefix, ids, images, image_rows, sounds, sound_rows)
            best = model.lm_head(states[torch.arange(len(ids)), length - 1]).float().argmax(-1)
        for i, id_ in enumerate(best.tolist()):
            if not done[i] and id_ != 2:
                said[i].append(id_)
        done |= best == 2
        if done.all():
            break
        if int(length.max()) == ids.shape[1]:
            ids, image_rows, sound_rows = (F.pad(t, (0, 1)) for t in (ids, image_rows, sound_rows))
        ids[torch.arange(len(ids)), length] = best
        length = length + 1
    return [batcher.tokenizer.decode(row) for row in said]


@torch.no_grad()
def right(model, batcher: Batcher, dialogues: list[Dialogue]) -> list[bool]:
    """Whether the greedy answer to each dialogue's only question is the wanted one. One pass tells: it is exactly if every token of the
    wanted answer is the likeliest behind those before it. Of "is this a ...?" only yes or no counts, so the answers are generated."""
    if all(d.kind == "check" and d.keyword for d in dialogues):
        return [answer.endswith(d.keyword) for answer, d in zip(generate(model, batcher, dialogues), dialogues)]
    inputs, ids, learn, _ = batcher.batch(dialogues)
    with autocast():
        states = model.hidden(*inputs)
        at = learn[:, 1:]
        hits = torch.ones(at.shape, dtype=torch.bool)
        hits[at] = model.lm_head(states[:, :-1][at]).float().argmax(-1) == ids[:, 1:][at]
    return [bool(row[flags].all()) for row, flags in zip(hits, at)]


def quick_check(model, batcher: Batcher, sets: dict[str, Dialogues], each: int = 16) -> str:
    told = []
    for name, dialogues in sets.items():
        rng = random.Random(11)
        heard = ("speech", "sound", "spoken-question") if dialogues.speech in batcher.features.labels else ()
        for kind in ("name", "check", "scene", "text", *heard):
            asked = [dialogues.draw(rng, kind) for _ in range(each)]
            told.append(f"{name}/{kind} {sum(right(model, batcher, asked))}/{each}")
    return " ".join(told)


def upcycle(dense: UniMoe) -> UniMoe:
    """Every expert starts as the dense MLP with 1 % noise; routers start small."""
    model = UniMoe(config(EXPERTS))
    state = dense.state_dict()
    generator = torch.Generator().manual_seed(4)
    for name, value in state.items():
        if ".mlp." in name:
            value = value.expand(EXPERTS, -1, -1)
            state[name] = value + 0.01 * value.std() * torch.randn(value.shape, generator=generator)
    missing = model.load_state_dict(state, strict=False)
    assert all(name.endswith("mlp.gate.weight") for name in missing.missing_keys), missing
    return model


def _run(name: str, model: UniMoe, batcher: Batcher, steps: int, rate: float, batch: int, stop_at: float, router: tuple[float, float] = (0, 0), check: bool = True) -> None:
    train = Dialogues(batcher.features)
    naming = NamingLoss(batcher.features, batcher.tokenizer)
    trainer = Trainer(name, model, steps, rate, every=100, decay=0.02)
    moe = model.config.num_experts > 1

    # Batches of dialogues of about the same length, out of a pool: padding is the larger part of the cost otherwise.
    pool: list[list[Dialogue]] = []
    pool_of = -1

    def dialogues_of(step: int) -> list[Dialogue]:
        nonlocal pool, pool_of
        if pool_of != step // POOL:
            pool_of = step // POOL
            rng = random.Random(f"{name}/{pool_of}")
            train.follow_ups = 0.6 if pool_of % 4 == 0 else 0.0
            drawn = sorted((in_some_style(rng, train.draw(rng)) for _ in range(POOL * batch)), key=lambda d: len(batcher.expand(d)[0]))
            pool = [drawn[i : i + batch] for i in range(0, len(drawn), batch)]
            rng.shuffle(pool)
        return pool[step % POOL]

    def loss_of(step: int) -> dict[str, Tensor]:
        (prefix, known, images, image_rows, sounds, sound_rows), ids, learn, length = batcher.batch(dialogues_of(step))
        generator = torch.Generator().manual_seed(step)
        noisy = lambda media: media + NOISE * media.std() * torch.randn(media.shape, generator=generator) if len(media) else media
        inputs = (prefix, known, noisy(images), image_rows, noisy(sounds), sound_rows)
        losses = {"answer": answer_loss(model, inputs, ids, learn), "naming": 0.2 * naming(model, step)}
        if moe:
            led, balance = router_losses(model, len(batcher.prefix), ids, length)
            losses |= {"led": router[0] * led, "balance": router[1] * balance}
        return losses

    checks = {"new": Dialogues(batcher.features, 1), "held-out": Dialogues(batcher.features, 2)}
    trainer.run(loss_of, (lambda: quick_check(model, batcher, checks)) if check else None, stop_at)


def config(experts: int) -> Config:
    return Config(num_experts=experts, num_experts_per_tok=min(PER_TOKEN, experts), image_width=vision.WIDTH, audio_width=audio.WIDTH)


def load(name: str, prepare=lambda model: None, experts: int = EXPERTS) -> UniMoe:
    model = UniMoe(config(experts))
    prepare(model)
    model.load_state_dict(torch.load(STATE / f"{name}.pt", weights_only=True)["model"])
    return model


def lora_weights(model: UniMoe) -> dict[str, Weight]:
    """Attention and experts, as in the reference; by name."""
    return {name: module for name, module in model.named_modules() if isinstance(module, Weight) and name.startswith("layers.")}


def add_lora(model: UniMoe) -> None:
    """LoRA, routers and connectors stay trainable; all else is frozen."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for weight in lora_weights(model).values():
        weight.add_lora(RANK, ALPHA)
    for layer in model.layers:
        layer.mlp.gate.weight.requires_grad_(True)
    for part in (model.mm_projector, model.audio_projector):
        for parameter in part.parameters():
            parameter.requires_grad_(True)


def train(stage: str, steps: int, batch: int = 48, stop_at: float = math.inf) -> None:
    torch.manual_seed(0)
    batcher = Batcher(Features(), Tokenizer())
    began = time.time()
    if stage == "dense":
        _run("llm-dense", UniMoe(config(1)), batcher, steps, 2.5e-3, batch, stop_at)
    elif stage == "experts":
        # From here on training sees the weights as the exported file will hold them.
        model = upcycle(load("llm-dense", experts=1))
        Weight.quantized = True
        _run("llm-experts", model, batcher, steps, 1.2e-3, batch, stop_at, (0.05, 0.01))
    elif stage == "lora":
        model = load("llm-experts")
        # The reference's base is stored in half precision.
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(parameter.half().float())
        add_lora(model)
        Weight.quantized = True
        _run("llm-lora", model, batcher, steps, 1e-3, batch, stop_at, (0.0, 0.01), check=False)
    print(f"{stage}: {time.time() - began:.0f} s", flush=True)


__all__ = ["answers", "train"]
