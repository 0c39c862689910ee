"""Icons of the vocabulary in several drawing styles, and drawn shapes; everything as arrays in memory."""

import json
import math
import random
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .paths import DATA, NPM
from .vocabulary import COLOURS, PICTURE_LABELS, PICTURES, POSITIONS, SHAPES, icon_key

SIDE = 72
IMAGE = 48
TRAIN_STYLES = ("twemoji", "fluent-emoji-flat", "fluentui/modern")
#: Never seen in training: another colour style, and single-colour art.
HELD_OUT_STYLES = {"noto": "noto", "mono": "fluentui/high-contrast"}


def render_icons() -> None:
    """icons.rgba and icons.json: all icons of all styles at 72 px, premultiplied RGBA."""
    styles = (*TRAIN_STYLES, *HELD_OUT_STYLES.values())
    jobs = [
        {"set": style, "key": icon_key(name), "label": label}
        for style in styles for label in PICTURE_LABELS for name in PICTURES[label][1]
    ]
    jobs_file, out = DATA / "icon-jobs.json", DATA / "icons.rgba"
    jobs_file.write_text(json.dumps(jobs))
    script = Path(__file__).parent.parent / "render-icons.mjs"
    subprocess.run(["node", script, NPM, jobs_file, out, str(SIDE)], check=True)
    pixels = np.fromfile(out, np.uint8).reshape(-1, SIDE, SIDE, 4)
    kept = [i for i in range(len(jobs)) if pixels[i].any()]
    np.save(DATA / "icons.npy", pixels[kept])
    (DATA / "icons.json").write_text(json.dumps([{"style": jobs[i]["set"], "label": jobs[i]["label"]} for i in kept]))
    print(f"{len(kept)} of {len(jobs)} icons drawn; labels: {len({jobs[i]['label'] for i in kept})}")


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


def draw_scene(rng: random.Random, held_out: bool = False) -> tuple[np.ndarray, dict]:
    """One picture of equal shapes, `[48, 48, 3]` uint8, and {shape, colour, count, position}; indices into the vocabulary.

    `held_out` draws sizes and backgrounds that training never sees: between the small and large sizes, on a gradient."""
    scale = 3
    side = IMAGE * scale
    shape, colour = rng.randrange(len(SHAPES)), rng.randrange(len(COLOURS))
    count = 1 if rng.random() < 0.55 else rng.randint(2, 5)
    ink = tuple(min(max(c + rng.randint(-14, 14), 0), 255) for c in list(COLOURS.values())[colour])
    while True:
        paper = rng.choice(((255, 255, 255), (248, 248, 245), (0, 0, 0), tuple(rng.randint(0, 255) for _ in range(3))))
        if sum(abs(a - b) for a, b in zip(paper, ink)) > 170:
            break
    image = Image.new("RGB", (side, side), paper)
    if held_out:
        ramp = np.linspace(0, 1, side)[:, None, None] * np.array([rng.randint(-60, 60) for _ in range(3)])
        image = Image.fromarray(np.clip(np.asarray(image) + ramp, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    position = 0
    if count == 1:
        radius = side * (rng.uniform(0.15, 0.18) if held_out else rng.choice((rng.uniform(0.10, 0.15), rng.uniform(0.18, 0.26))))
        position = rng.randrange(len(POSITIONS)) if radius < side * 0.2 else 0
        off, wiggle = side * 0.3, side * 0.05
        dx, dy = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))[position]
        centres = [(side / 2 + dx * off + rng.uniform(-wiggle, wiggle), side / 2 + dy * off + rng.uniform(-wiggle, wiggle))]
    else:
        radius = side * (rng.uniform(0.105, 0.115) if held_out else rng.uniform(0.085, 0.13))
        cells = rng.sample([(x, y) for x in range(3) for y in range(3)], count)
        step = side / 3
        centres = [((x + 0.5) * step + rng.uniform(-0.04, 0.04) * side, (y + 0.5) * step + rng.uniform(-0.04, 0.04) * side) for x, y in cells]
    turn = rng.uniform(-0.2, 0.2)
    for cx, cy in centres:
        box = (cx - radius, cy - radius, cx + radius, cy + radius)
        if SHAPES[shape] == "circle":
            draw.ellipse(box, fill=ink)
        elif SHAPES[shape] == "ring":
            draw.ellipse(box, outline=ink, width=int(radius * 0.4))
        else:
            draw.polygon(_polygon(SHAPES[shape], cx, cy, radius, turn), fill=ink)
    pixels = np.asarray(image.resize((IMAGE, IMAGE), Image.BICUBIC))
    return pixels, {"shape": shape, "colour": colour, "count": count - 1, "position": position}


def draw_scenes(count: int, seed: str, held_out: bool = False) -> tuple[np.ndarray, list[dict]]:
    rng = random.Random(seed)
    drawn = [draw_scene(rng, held_out) for _ in range(count)]
    return np.stack([pixels for pixels, _ in drawn]), [facts for _, facts in drawn]


def render_scenes() -> None:
    for name, count, held_out in (("train", 8000, False), ("new", 500, False), ("held-out", 500, True)):
        pixels, facts = draw_scenes(count, name, held_out)
        np.save(DATA / f"scenes-{name}.npy", pixels)
        (DATA / f"scenes-{name}.json").write_text(json.dumps(facts))
        print(f"scenes {name}: {count}", flush=True)


def load_scenes(name: str) -> tuple[np.ndarray, list[dict]]:
    return np.load(DATA / f"scenes-{name}.npy"), json.loads((DATA / f"scenes-{name}.json").read_text())


def draw_noise(rng: np.random.Generator, count: int) -> np.ndarray:
    """Pictures of nothing: pixel noise, coarse noise, stripes, plain paper; `[count, 48, 48, 3]` uint8."""
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
