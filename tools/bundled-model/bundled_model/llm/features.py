"""Outputs of the frozen towers for many renderings of every item, so that the decoder's training never runs a tower."""

import json

import numpy as np
import torch

from .. import pictures
from ..clips import Clips
from ..log_mel import log_mel
from ..paths import STATE
from ..towers import audio, vision
from ..towers.training import autocast
from ..vocabulary import NOISE


def load_towers() -> tuple[vision.VisionClassifier, audio.AudioClassifier]:
    towers = vision.VisionClassifier(), audio.AudioClassifier()
    for name, model in zip(("vision", "audio"), towers):
        model.load_state_dict(torch.load(STATE / f"{name}.pt", weights_only=True)["model"])
        model.eval()
        with torch.no_grad():
            # Every consumer of the checkpoint sees the towers rounded to half precision.
            for parameter in model.parameters():
                parameter.copy_(parameter.half().float())
    return towers


@torch.no_grad()
def cache(part: str, icon_views: int = 16, speech_views: int = 2, sound_views: int = 2, scene_count: int = 24000) -> None:
    """`part` pictures or sounds: STATE/features-<part>.pt holds features by set, the .json beside it their labels or facts."""
    eye, ear = load_towers()
    out: dict[str, dict] = {}

    def see(name: str, pixels: torch.Tensor, labels: list) -> None:
        with autocast():
            parts = [eye.tower(vision.normalise(few)).half() for few in pixels.split(256)]
        entry = out.setdefault(name, {"features": [], "labels": []})
        entry["features"] += parts
        entry["labels"] += labels

    def hear(name: str, waves: torch.Tensor, labels: list, generator: torch.Generator | None) -> None:
        features = log_mel(waves)
        if generator is not None:
            features = audio.colour(features, generator, 0.7)
        with autocast():
            parts = [ear.aligner(ear.encoder(few)).half() for few in features.split(64)]
        entry = out.setdefault(name, {"features": [], "labels": []})
        entry["features"] += parts
        entry["labels"] += labels

    if part == "pictures":
        augment, rows = vision.load_augmenter()
        labels = [row["label"] for row in rows]
        of_styles = lambda styles: torch.tensor([i for i, row in enumerate(rows) if row["style"] in styles])
        # name of the set -> styles, views, strength of the augmentation, seed
        sets = {
            "icons": (pictures.TRAIN_STYLES, icon_views, 0.7, 1000), "icons-mono": (pictures.TRAIN_MONO, icon_views // 2, 0.7, 2000), "icons-new": (pictures.TRAIN_STYLES, 1, 0.3, 77),
            "icons-mono-new": (pictures.TRAIN_MONO, 1, 0.3, 78), **{name: ((style,), 1, 0.3, 79) for name, style in pictures.HELD_OUT_STYLES.items()},
        }
        for name, (styles, views, strength, seed) in sets.items():
            for view in range(views):
                for few in of_styles(styles).split(256):
                    see(name, augment(few, torch.Generator().manual_seed(seed + view), strength), [labels[i] for i in few])
            print(name, flush=True)
        for name, count, held_out in (("train", scene_count, False), ("new", 600, False), ("held-out", 600, True)):
            scenes, facts = pictures.draw_scenes(count, f"cache/{name}", held_out)
            see(f"scenes-{name}", vision.as_pixels(scenes), facts)
        for name, seed, count in (("noise", 11, 1000), ("noise-new", 12, 200)):
            see(name, vision.as_pixels(pictures.draw_noise(np.random.default_rng(seed), count)), [None] * count)
    else:
        for clips, views, speech in ((Clips("speech"), speech_views, True), (Clips("sounds"), sound_views, False)):
            for group, chosen in audio.sets_of(clips).items():
                train = group == "train"
                for view in range(views if train else 1):
                    for few in np.array_split(chosen, max(1, len(chosen) // 64)):
                        rng = np.random.default_rng([view, int(few[0])])
                        waves = audio.place([clips[i] for i in few], rng, 0.8 if train else 0.4)
                        names = [clips.rows[i][1] for i in few]
                        hear(f"{'speech' if speech else 'sounds'}-{group}", waves, names, torch.Generator().manual_seed(view * 10**6 + int(few[0])) if train else None)
        silence = torch.zeros(8, audio.CHUNK) + torch.randn(8, audio.CHUNK) * torch.linspace(0, 0.01, 8)[:, None]
        hear("silence", silence, [NOISE] * 8, None)
    for entry in out.values():
        entry["features"] = torch.cat(entry["features"])
    torch.save({name: entry["features"] for name, entry in out.items()}, STATE / f"features-{part}.pt")
    (STATE / f"features-{part}.json").write_text(json.dumps({name: entry["labels"] for name, entry in out.items()}))
    print({name: len(entry["labels"]) for name, entry in out.items()}, flush=True)


class Features:
    def __init__(self) -> None:
        self.features: dict[str, torch.Tensor] = {}
        self.labels: dict[str, list] = {}
        for part in ("pictures", "sounds"):
            # The decoder may begin on pictures and text while the audio tower is still in training.
            if part == "sounds" and not (STATE / "features-sounds.pt").exists():
                continue
            self.features |= torch.load(STATE / f"features-{part}.pt", weights_only=True)
            self.labels |= json.loads((STATE / f"features-{part}.json").read_text())
        self.by_label: dict[str, dict[str, list[int]]] = {}
        for name, labels in self.labels.items():
            index: dict[str, list[int]] = {}
            for i, label in enumerate(labels):
                if isinstance(label, str):
                    index.setdefault(label, []).append(i)
            self.by_label[name] = index
