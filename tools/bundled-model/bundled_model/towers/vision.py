"""The vision tower: supervised over names and the facts of drawn scenes, with a throw-away head on the mean patch."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import pictures
from ..vocabulary import COLOURS, NUMBERS, PICTURE_LABELS, POSITIONS, SHAPES
from .layers import ClipVision
from .training import Trainer, autocast

MEAN = torch.tensor((0.48145466, 0.4578275, 0.40821073)).view(3, 1, 1)
STD = torch.tensor((0.26862954, 0.26130258, 0.27577711)).view(3, 1, 1)
WIDTH, LAYERS, HEADS, PATCH = 128, 4, 4, 12
NOISE_CLASS = len(PICTURE_LABELS)
SCENE_CLASS = NOISE_CLASS + 1
FACTS = {"shape": len(SHAPES), "colour": len(COLOURS), "count": len(NUMBERS), "position": len(POSITIONS)}


def normalise(pixels: Tensor) -> Tensor:
    """`[B, 3, H, W]` in 0..1 to the tower's input."""
    return (pixels - MEAN) / STD


class VisionClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tower = ClipVision(pictures.IMAGE, PATCH, WIDTH, LAYERS, HEADS)
        self.name = nn.Linear(WIDTH, len(PICTURE_LABELS) + 2)
        self.facts = nn.ModuleDict({fact: nn.Linear(WIDTH, size) for fact, size in FACTS.items()})


class IconAugmenter:
    """Icons on random paper, moved, scaled, turned, mirrored and recoloured: `[B, 3, 48, 48]` in 0..1."""

    def __init__(self, icons: np.ndarray):
        self.icons = torch.from_numpy(icons).permute(0, 3, 1, 2).contiguous()

    def __call__(self, chosen: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
        count = len(chosen)
        uniform = lambda low, high, *shape: torch.rand(count, *shape, generator=generator) * (high - low) + low
        sprites = self.icons[chosen].float() / 255
        # The output covers the icon plus a margin: zoom > 1 shows the icon smaller.
        zoom = 1.06 + strength * uniform(-0.1, 0.35)
        angle = strength * uniform(-0.25, 0.25) * (torch.rand(count, generator=generator) < 0.5)
        mirror = torch.where(torch.rand(count, generator=generator) < 0.4 * strength, -1.0, 1.0)
        stretch = 1 + strength * uniform(-0.1, 0.1)
        cos, sin = angle.cos() * zoom, angle.sin() * zoom
        room = (zoom - 0.95).clamp(min=0)
        theta = torch.stack([
            torch.stack([cos * mirror * stretch, -sin * mirror, room * uniform(-0.6, 0.6)], 1),
            torch.stack([sin * stretch, cos, room * uniform(-0.6, 0.6)], 1),
        ], 1)
        grid = F.affine_grid(theta, (count, 4, pictures.IMAGE, pictures.IMAGE), align_corners=False)
        drawn = F.grid_sample(sprites, grid, mode="bilinear", align_corners=False)
        colour, alpha = drawn[:, :3], drawn[:, 3:]
        tint = 1 + strength * (uniform(-0.15, 0.15, 3, 1, 1) + uniform(-0.1, 0.1, 1, 1, 1))
        paper = uniform(0, 1, 3, 1, 1)
        kind = torch.rand(count, generator=generator).view(-1, 1, 1, 1)
        paper = torch.where(kind < 0.5, torch.ones_like(paper) - 0.04 * paper, torch.where(kind < 0.62, 0.08 * paper, paper))
        slope = torch.where(kind > 0.8, uniform(-0.3, 0.3, 3, 1, 1), torch.zeros(()))
        paper = paper + slope * torch.linspace(-1, 1, pictures.IMAGE).view(1, 1, -1, 1)
        out = colour * tint + (1 - alpha) * paper
        gray = (torch.rand(count, generator=generator) < 0.06 * strength).view(-1, 1, 1, 1)
        out = torch.where(gray, out.mean(1, keepdim=True), out)
        soft = (torch.rand(count, generator=generator) < 0.15 * strength).view(-1, 1, 1, 1)
        out = torch.where(soft, F.avg_pool2d(out, 3, 1, 1), out)
        return out.clamp(0, 1)


def as_pixels(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


def train(steps: int, batch: int = 64, rate: float = 2e-3, stop_at: float = math.inf, name: str = "vision") -> None:
    icons, rows = pictures.load_icons()
    labels = torch.tensor([PICTURE_LABELS.index(row["label"]) for row in rows])
    styles = np.array([row["style"] for row in rows])
    seen = torch.from_numpy(np.flatnonzero(np.isin(styles, pictures.TRAIN_STYLES)))
    # Every answer equally often, whatever the number of its icons.
    weights = 1 / torch.bincount(labels[seen], minlength=len(PICTURE_LABELS))[labels[seen]].float()
    scenes, facts = pictures.load_scenes("train")
    truth = {fact: torch.tensor([row[fact] for row in facts]) for fact in FACTS}
    scenes = torch.from_numpy(scenes).permute(0, 3, 1, 2)
    augment = IconAugmenter(icons)
    model = VisionClassifier()
    trainer = Trainer(name, model, steps, rate)
    n_icons, n_scenes, n_noise = int(batch * 0.78), int(batch * 0.18), batch - int(batch * 0.78) - int(batch * 0.18)
    noise_pool = torch.from_numpy(pictures.draw_noise(np.random.default_rng(1), 800)).permute(0, 3, 1, 2)

    def features(pixels: Tensor) -> Tensor:
        return model.tower(normalise(pixels)).float().mean(1)

    def loss_of(step: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(step)
        chosen = seen[torch.multinomial(weights, n_icons, replacement=True, generator=generator)]
        scene = torch.randint(len(scenes), (n_scenes,), generator=generator)
        noise = noise_pool[torch.randint(len(noise_pool), (n_noise,), generator=generator)]
        drawn = scenes[scene].float() / 255
        drawn = drawn + 0.02 * torch.randn(drawn.shape, generator=generator)
        pixels = torch.cat([augment(chosen, generator, 0.7), drawn.clamp(0, 1), noise.float() / 255])
        target = torch.cat([labels[chosen], torch.full((n_scenes,), SCENE_CLASS), torch.full((n_noise,), NOISE_CLASS)])
        with autocast():
            pooled = features(pixels)
            losses = {"name": F.cross_entropy(model.name(pooled).float(), target)}
            part = pooled[n_icons : n_icons + n_scenes]
            for fact in FACTS:
                # Position is a question about single shapes only.
                ok = truth["count"][scene] == 0 if fact == "position" else slice(None)
                losses[fact] = 0.15 * F.cross_entropy(model.facts[fact](part).float()[ok], truth[fact][scene][ok])
        return losses

    held_out = {style: torch.from_numpy(np.flatnonzero(styles == icons_of)) for style, icons_of in pictures.HELD_OUT_STYLES.items()}
    new_scenes, new_facts = pictures.load_scenes("held-out")

    def evaluate() -> str:
        generator = torch.Generator().manual_seed(7)
        told = []
        for part, chosen in {"seen": seen[::3], **held_out}.items():
            hits = [model.name(features(augment(c, generator, 0.3)))[:, :NOISE_CLASS].argmax(1) == labels[c] for c in chosen.split(256)]
            told.append(f"{part} {100 * torch.cat(hits).float().mean():.1f}")
        pooled = features(as_pixels(new_scenes))
        for fact in FACTS:
            want = torch.tensor([row[fact] for row in new_facts])
            ok = torch.tensor([row["count"] == 0 for row in new_facts]) if fact == "position" else slice(None)
            told.append(f"{fact} {100 * (model.facts[fact](pooled).argmax(1) == want)[ok].float().mean():.1f}")
        return " ".join(told)

    trainer.run(loss_of, evaluate, stop_at)
