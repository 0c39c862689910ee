"""Icons of the vocabulary in several drawing styles, and drawn shapes; everything as arrays in memory."""

import json
import math
import random
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .paths import DATA, NPM
from .vocabulary import COLOURS, PICTURE_LABELS, PICTURES, POSITIONS, SHAPES, icon_key

SIDE = 72
IMAGE = 60
TRAIN_STYLES = ("twemoji", "fluent-emoji-flat", "fluentui/modern", "emojione", "fxemoji", "streamline-emojis")
#: Silhouettes and line art of one color: black on nothing; training gives them ink.
TRAIN_MONO = ("emojione-monotone", "game-icons", "mdi", "tabler", "ph", "lucide", "icon-park-outline", "fa6-solid")
#: Never seen in training: another color style, and single-color art.
HELD_OUT_STYLES = {"noto": "noto", "mono": "fluentui/high-contrast"}
#: Ends of the names under which a set has several drawings of one thing.
_VARIANTS = {"ph": ("", "-fill", "-thin", "-bold", "-duotone"), "tabler": ("", "-filled"), "mdi": ("", "-outline", "-side"), "icon-park-outline": ("", "-one", "-two"), "game-icons": ("", "-head", "-face")}
#: Names that mean something else in the sets of pictograms, or a drawn shape.
_HOMONYMS = {"mouse", "phone", "pen", "package", "orange", "bat", "ring", "corn", "pie", "fly", "football", "drum", "smiling face", "sad face", "star", "heart"}


def _jobs() -> list[dict]:
    jobs = []
    for style in (*TRAIN_STYLES, *HELD_OUT_STYLES.values()):
        jobs += [{"set": style, "key": icon_key(name), "label": label} for label in PICTURE_LABELS for name in PICTURES[label][1]]
    for style in TRAIN_MONO:
        emoji = style == "emojione-monotone"
        for label in PICTURE_LABELS:
            if emoji:
                names = PICTURES[label][1]
            elif label in _HOMONYMS:
                continue
            else:
                names = [label]
            jobs += [{"set": style, "key": icon_key(name) + end, "label": label} for name in names for end in _VARIANTS.get(style, ("",))]
    return jobs


def draw_jobs(jobs: list[dict], side: int) -> np.ndarray:
    """Premultiplied RGBA `[N, side, side, 4]`, nothing where a set has no such icon."""
    jobs_file, out = DATA / "icon-jobs.json", DATA / "icons.rgba"
    jobs_file.write_text(json.dumps(jobs))
    script = Path(__file__).parent.parent / "render-icons.mjs"
    subprocess.run(["node", script, NPM, jobs_file, out, str(side)], check=True)
    pixels = np.fromfile(out, np.uint8).reshape(-1, side, side, 4)
    out.unlink()
    return pixels


def render_icons() -> None:
    """icons.npy and icons.json: all icons of all styles at 72 px."""
    jobs = _jobs()
    pixels = draw_jobs(jobs, SIDE)
    kept = [i for i in range(len(jobs)) if pixels[i].any()]
    np.save(DATA / "icons.npy", pixels[kept])
    (DATA / "icons.json").write_text(json.dumps([{"style": jobs[i]["set"], "label": jobs[i]["label"], "job": jobs[i]} for i in kept]))
    drawn = Counter(jobs[i]["set"] for i in kept)
    print(f"{len(kept)} of {len(jobs)} icons drawn; labels: {len({jobs[i]['label'] for i in kept})}; {dict(drawn)}")


def load_icons() -> tuple[np.ndarray, list[dict]]:
    """`[N, 72, 72, 4]` and one {style, label} per icon, of the labels in use."""
    rows = json.loads((DATA / "icons.json").read_text())
    kept = [i for i, row in enumerate(rows) if row["label"] in PICTURES]
    return np.load(DATA / "icons.npy")[kept], [rows[i] for i in kept]


def _polygon(shape: str, cx: float, cy: float, r: float, turn: float) -> list[tuple[float, float]]:
    def ring(count: int, radii, start: float):
        return [(cx + radii[i % len(radii)] * r * math.cos(start + 2 * math.pi * i / count), cy + radii[i % len(radii)] * r * math.sin(start + 2 * math.pi * i / count)) for i in range(count)]

    if shape == "square":
        return ring(4, (1.15,), math.pi / 4 + turn)
    if shape == "diamond":
        return [(cx, cy - 1.15 * r), (cx + 0.8 * r, cy), (cx, cy + 1.15 * r), (cx - 0.8 * r, cy)]
    if shape == "triangle":
        return ring(3, (1.1,), -math.pi / 2 + turn)
    if shape == "star":
        return ring(10, (1.15, 0.48), -math.pi / 2 + turn)
    if shape == "heart":
        return [(cx + r * 16 * math.sin(t) ** 3 / 16, cy - r * (13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16) for t in (2 * math.pi * i / 40 for i in range(40))]
    a, b = 0.36 * r, 1.05 * r
    points = [(-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a), (a, b), (-a, b), (-a, a), (-b, a), (-b, -a), (-a, -a)]
    return [(cx + x * math.cos(turn) - y * math.sin(turn), cy + x * math.sin(turn) + y * math.cos(turn)) for x, y in points]


def _paper(rng: random.Random, ink: tuple, held_out: bool, pixels_wide: int) -> np.ndarray:
    """`[pixels_wide, pixels_wide, 3]`: plain, noisy or lit from a point in training; held out: one color running into another downwards."""
    while True:
        paper = rng.choice(((255, 255, 255), (248, 248, 245), (0, 0, 0), tuple(rng.randint(0, 255) for _ in range(3))))
        if sum(abs(a - b) for a, b in zip(paper, ink)) > 170:
            break
    pixels = np.zeros((pixels_wide, pixels_wide, 3)) + paper
    change = np.array([rng.randint(-60, 60) for _ in range(3)])
    if held_out:
        return pixels + np.linspace(0, 1, pixels_wide)[:, None, None] * change
    kind = rng.random()
    if kind < 0.3:
        at = np.arange(pixels_wide)
        far = np.hypot(at[:, None] - rng.uniform(0, pixels_wide), at[None] - rng.uniform(0, pixels_wide)) / pixels_wide
        return pixels + np.minimum(far, 1)[..., None] * change
    if kind < 0.5:
        return pixels + np.random.default_rng(rng.randrange(2**31)).normal(0, rng.uniform(2, 14), pixels.shape)
    return pixels


def draw_scene(rng: random.Random, held_out: bool = False, pixels_wide: int = IMAGE) -> tuple[np.ndarray, dict]:
    """One picture of equal shapes, `[pixels_wide, pixels_wide, 3]` uint8, and {shape, colour, count, position}; indices into the vocabulary.

    `held_out` draws sizes and backgrounds that training never sees: sizes between its small and large ones, on a vertical gradient."""
    scale = 4
    side = pixels_wide * scale
    shape, colour = rng.randrange(len(SHAPES)), rng.randrange(len(COLOURS))
    count = 1 if rng.random() < 0.55 else rng.randint(2, 5)
    ink = tuple(min(max(c + rng.randint(-14, 14), 0), 255) for c in list(COLOURS.values())[colour])
    paper = _paper(rng, ink, held_out, pixels_wide)
    mask = Image.new("L", (side, side))
    draw = ImageDraw.Draw(mask)
    position = 0
    if count == 1:
        radius = side * (rng.uniform(0.15, 0.18) if held_out else rng.choice((rng.uniform(0.10, 0.15), rng.uniform(0.18, 0.26))))
        position = rng.randrange(len(POSITIONS)) if radius < side * 0.2 else 0
        off, wiggle = side * 0.3, side * 0.05
        dx, dy = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))[position]
        centres = [(side / 2 + dx * off + rng.uniform(-wiggle, wiggle), side / 2 + dy * off + rng.uniform(-wiggle, wiggle))]
    else:
        radius = side * (rng.uniform(0.105, 0.115) if held_out else rng.choice((rng.uniform(0.085, 0.105), rng.uniform(0.115, 0.13))))
        cells = rng.sample([(x, y) for x in range(3) for y in range(3)], count)
        step = side / 3
        centres = [((x + 0.5) * step + rng.uniform(-0.04, 0.04) * side, (y + 0.5) * step + rng.uniform(-0.04, 0.04) * side) for x, y in cells]
    turn = rng.uniform(-0.2, 0.2)
    for cx, cy in centres:
        box = (cx - radius, cy - radius, cx + radius, cy + radius)
        if SHAPES[shape] == "circle":
            draw.ellipse(box, fill=255)
        elif SHAPES[shape] == "ring":
            draw.ellipse(box, outline=255, width=int(radius * 0.4))
        else:
            draw.polygon(_polygon(SHAPES[shape], cx, cy, radius, turn), fill=255)
    cover = np.asarray(mask.reduce(scale), np.float32)[..., None] / 255
    pixels = np.clip(paper * (1 - cover) + cover * np.array(ink), 0, 255).astype(np.uint8)
    return pixels, {"shape": shape, "colour": colour, "count": count - 1, "position": position}


def draw_scenes(count: int, seed: str, held_out: bool = False) -> tuple[np.ndarray, list[dict]]:
    rng = random.Random(seed)
    drawn = [draw_scene(rng, held_out) for _ in range(count)]
    return np.stack([pixels for pixels, _ in drawn]), [facts for _, facts in drawn]


def draw_noise(rng: np.random.Generator, count: int) -> np.ndarray:
    """Pictures of nothing: pixel noise, coarse noise, stripes, plain paper; `[count, 60, 60, 3]` uint8."""
    out = np.empty((count, IMAGE, IMAGE, 3), np.uint8)
    for i in range(count):
        kind = rng.integers(5)
        if kind == 4:
            pixels = np.full((IMAGE, IMAGE, 3), rng.integers(0, 256, 3)) + rng.normal(0, rng.uniform(0, 12), (IMAGE, IMAGE, 3))
        elif kind == 3:
            ramp = rng.integers(-80, 80, 3) * np.linspace(-1, 1, IMAGE)[:, None, None]
            pixels = rng.integers(60, 200, 3) + (ramp if rng.random() < 0.5 else ramp.transpose(1, 0, 2)) * np.ones((IMAGE, IMAGE, 1))
        else:
            cell = (1, 3, 6)[kind]
            grid = rng.integers(0, 256, (IMAGE // cell, IMAGE // cell, 3 if rng.random() < 0.7 else 1))
            pixels = np.repeat(np.repeat(grid, cell, 0), cell, 1) * np.ones((1, 1, 3))
            pixels = pixels * rng.uniform(0.3, 1) + rng.uniform(0, 80)
        out[i] = np.clip(pixels, 0, 255)
    return out
