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
WIDTH, LAYERS, HEADS, PATCH = 160, 5, 5, 12
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


def _edges(drawn: Tensor) -> Tensor:
    """How much color or coverage changes around each pixel, `[B, 1, H, W]` in 0..1."""
    padded = F.pad(drawn, (1, 1, 1, 1), mode="replicate")
    across = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]).abs().amax(1, keepdim=True)
    down = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]).abs().amax(1, keepdim=True)
    return ((torch.maximum(across, down) - 0.12) * 6).clamp(0, 1)


def _as_drawing(drawn: Tensor, style: Tensor, threshold: Tensor) -> Tensor:
    """The coverage of a single-color drawing made from a colored one, `[B, 1, H, W]`: its lines, its silhouette with the lines cut out, or
    its dark parts."""
    colour, alpha = drawn[:, :3], drawn[:, 3:]
    edges = _edges(drawn)
    dark = alpha * ((threshold - colour.mean(1, keepdim=True)) * 12).clamp(0, 1)
    inner = F.max_pool2d(1 - alpha, 3, 1, 1)
    return torch.where(style < 0.35, edges, torch.where(style < 0.7, alpha * (1 - edges * (1 - inner)), torch.maximum(dark, edges * inner)))


class IconAugmenter:
    """Icons on random paper, moved, scaled, turned, mirrored, recolored or made single-color drawings: `[B, 3, 60, 60]` in 0..1.

    `mono` marks icons that are black on nothing: they get ink."""

    def __init__(self, icons: np.ndarray, mono: np.ndarray):
        self.icons = torch.from_numpy(icons).permute(0, 3, 1, 2).contiguous()
        self.mono = torch.from_numpy(mono)

    def __call__(self, chosen: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
        count = len(chosen)
        uniform = lambda low, high, *shape: torch.rand(count, *shape, generator=generator) * (high - low) + low
        some = lambda part: (torch.rand(count, generator=generator) < part).view(-1, 1, 1, 1)
        # The output covers the icon plus a margin: zoom > 1 shows the icon smaller.
        zoom = 1.06 + strength * uniform(-0.1, 0.4)
        angle = strength * uniform(-0.3, 0.3) * some(0.5).flatten()
        mirror = torch.where(some(0.4 * strength).flatten(), -1.0, 1.0)
        stretch, shear = 1 + strength * uniform(-0.15, 0.15), strength * uniform(-0.15, 0.15)
        cos, sin = angle.cos() * zoom, angle.sin() * zoom
        # As far as into the corners.
        room = (zoom - 0.98).clamp(min=0)
        theta = torch.stack([
            torch.stack([cos * mirror * stretch, -sin * mirror + shear, room * uniform(-1, 1)], 1),
            torch.stack([sin * stretch, cos, room * uniform(-1, 1)], 1),
        ], 1)
        grid = F.affine_grid(theta, (count, 4, pictures.IMAGE, pictures.IMAGE), align_corners=False)
        drawn = F.grid_sample(self.icons[chosen].float() / 255, grid, mode="bilinear", align_corners=False)
        colour, alpha = drawn[:, :3], drawn[:, 3:]
        paper = uniform(0, 1, 3, 1, 1)
        kind = uniform(0, 1, 1, 1, 1)
        paper = torch.where(kind < 0.5, 1 - 0.04 * paper, torch.where(kind < 0.62, 0.08 * paper, paper))
        # Recolored: another order of the channels, another contrast, a tint.
        order = torch.rand(count, 3, generator=generator).argsort(1)[..., None, None].expand(-1, -1, *colour.shape[2:])
        colour = torch.where(some(0.15 * strength), colour.gather(1, order), colour)
        colour = alpha * 0.5 + (colour - alpha * 0.5) * (1 + strength * uniform(-0.35, 0.25, 1, 1, 1))
        colour = colour * (1 + strength * (uniform(-0.2, 0.2, 3, 1, 1) + uniform(-0.1, 0.1, 1, 1, 1)))
        colour = torch.where(some(0.1 * strength), colour.mean(1, keepdim=True), colour)
        # Ink on paper, dark on light or light on dark.
        mono = self.mono[chosen].view(-1, 1, 1, 1)
        drawing = ~mono & some(0.16 * strength)
        cover = torch.where(drawing, _as_drawing(drawn, uniform(0, 1, 1, 1, 1), uniform(0.3, 0.7, 1, 1, 1)), alpha)
        light = paper.mean(1, keepdim=True) > 0.5
        ink = torch.where(some(0.5), uniform(0, 0.15, 1, 1, 1), uniform(0, 0.35, 3, 1, 1))
        ink = torch.where(light, ink, 1 - ink)
        colour, alpha = torch.where(mono | drawing, ink * cover, colour), torch.where(drawing, cover, alpha)
        slope = torch.where(kind > 0.8, uniform(-0.3, 0.3, 3, 1, 1), torch.zeros(()))
        out = colour + (1 - alpha) * (paper + slope * torch.linspace(-1, 1, pictures.IMAGE).view(1, 1, -1, 1))
        out = torch.where(some(0.15 * strength), F.avg_pool2d(F.pad(out, (1, 1, 1, 1), mode="replicate"), 3, 1), out)
        out = out + torch.where(some(0.2 * strength), 0.04, 0.0) * torch.randn(out.shape, generator=generator)
        # A patch of paper over a part of it.
        at, size = uniform(0, 1, 2, 1, 1), 0.3 * some(0.25 * strength)
        line = torch.linspace(0, 1, pictures.IMAGE)
        hidden = ((line.view(1, 1, -1, 1) - at[:, :1]).abs() < size / 2) & ((line.view(1, 1, 1, -1) - at[:, 1:]).abs() < size / 2)
        return torch.where(hidden, paper, out).clamp(0, 1)


def load_augmenter() -> tuple[IconAugmenter, list[dict]]:
    icons, rows = pictures.load_icons()
    mono = (*pictures.TRAIN_MONO, pictures.HELD_OUT_STYLES["mono"])
    return IconAugmenter(icons, np.isin([row["style"] for row in rows], mono)), rows


def as_pixels(images: np.ndarray) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


#: How often a single-color icon is drawn, relative to a colored one of the same name.
MONO_WEIGHT = 0.35


def train(steps: int, batch: int = 96, rate: float = 2e-3, stop_at: float = math.inf, name: str = "vision") -> None:
    augment, rows = load_augmenter()
    labels = torch.tensor([PICTURE_LABELS.index(row["label"]) for row in rows])
    styles = np.array([row["style"] for row in rows])
    seen = torch.from_numpy(np.flatnonzero(np.isin(styles, (*pictures.TRAIN_STYLES, *pictures.TRAIN_MONO))))
    # Every answer equally often, whatever the number of its icons.
    weights = torch.where(augment.mono[seen], MONO_WEIGHT, 1.0)
    weights = weights / torch.zeros(len(PICTURE_LABELS)).index_add(0, labels[seen], weights)[labels[seen]]
    model = VisionClassifier()
    trainer = Trainer(name, model, steps, rate)
    n_icons, n_scenes, n_noise = int(batch * 0.72), int(batch * 0.24), batch - int(batch * 0.72) - int(batch * 0.24)
    noise_pool = torch.from_numpy(pictures.draw_noise(np.random.default_rng(1), 800)).permute(0, 3, 1, 2)

    def features(pixels: Tensor) -> Tensor:
        return model.tower(normalise(pixels)).float().mean(1)

    def loss_of(step: int) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(step)
        chosen = seen[torch.multinomial(weights, n_icons, replacement=True, generator=generator)]
        noise = noise_pool[torch.randint(len(noise_pool), (n_noise,), generator=generator)]
        scenes, facts = pictures.draw_scenes(n_scenes, f"vision/{step}")
        truth = {fact: torch.tensor([row[fact] for row in facts]) for fact in FACTS}
        drawn = as_pixels(scenes) + 0.02 * torch.randn(n_scenes, 3, 1, 1, generator=generator)
        pixels = torch.cat([augment(chosen, generator, min(0.8, 0.4 + step / 8000)), drawn.clamp(0, 1), noise.float() / 255])
        target = torch.cat([labels[chosen], torch.full((n_scenes,), SCENE_CLASS), torch.full((n_noise,), NOISE_CLASS)])
        with autocast():
            # The mean of a random third of the patches: each of them learns to carry what the picture shows, as the decoder needs it.
            patches = model.tower(normalise(pixels)).float()
            kept = torch.rand(patches.shape[:2], generator=generator)
            kept = (kept <= kept.kthvalue(patches.shape[1] // 3, dim=1, keepdim=True).values).float()
            pooled = (patches * kept[..., None]).sum(1) / kept.sum(1, keepdim=True)
            losses = {"name": F.cross_entropy(model.name(pooled).float(), target, label_smoothing=0.05)}
            part = pooled[n_icons : n_icons + n_scenes]
            for fact in FACTS:
                # Position is a question about single shapes only.
                ok = truth["count"] == 0 if fact == "position" else slice(None)
                losses[fact] = 0.25 * F.cross_entropy(model.facts[fact](part).float()[ok], truth[fact][ok])
        return losses

    held_out = {style: torch.from_numpy(np.flatnonzero(styles == icons_of)) for style, icons_of in pictures.HELD_OUT_STYLES.items()}
    new_scenes, new_facts = pictures.draw_scenes(400, "held-out", True)

    def evaluate() -> str:
        generator = torch.Generator().manual_seed(7)
        told = []
        for part, chosen in {"seen": seen[~augment.mono[seen]][::3], "seen mono": seen[augment.mono[seen]][::4], **held_out}.items():
            hits = [model.name(features(augment(c, generator, 0.3)))[:, :NOISE_CLASS].argmax(1) == labels[c] for c in chosen.split(256)]
            told.append(f"{part} {100 * torch.cat(hits).float().mean():.1f}")
        pooled = features(as_pixels(new_scenes))
        for fact in FACTS:
            want = torch.tensor([row[fact] for row in new_facts])
            ok = torch.tensor([row["count"] == 0 for row in new_facts]) if fact == "position" else slice(None)
            told.append(f"{fact} {100 * (model.facts[fact](pooled).argmax(1) == want)[ok].float().mean():.1f}")
        return " ".join(told)

    trainer.run(loss_of, evaluate, stop_at)
