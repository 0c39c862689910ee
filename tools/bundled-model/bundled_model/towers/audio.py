"""The audio tower: Whisper encoder and aligner, supervised over words, spoken questions and sounds by a throw-away head on
the aligner's vectors, and by CTC over letters on the encoder, which gets the training off its first plateau."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..clips import RATE, Clips
from ..log_mel import CHUNK, FRAMES, log_mel
from ..vocabulary import AUDIO_CLASSES, NOISE, SOUND_LABELS
from .layers import WhisperAligner, WhisperEncoder
from .training import Trainer, autocast

WIDTH, LAYERS, HEADS, QUERIES = 128, 4, 4, 8
CLASS_OF = {label: i for i, label in enumerate(AUDIO_CLASSES)}
#: Drawn once: fresh noise for every clip would take as long as the tower.
_NOISE = np.random.default_rng(2).standard_normal(8 * CHUNK, np.float32)
LETTERS = " abcdefghijklmnopqrstuvwxyz"


class AudioClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = WhisperEncoder(FRAMES // 2, WIDTH, LAYERS, HEADS)
        self.aligner = WhisperAligner(QUERIES, WIDTH, 1, HEADS)
        self.label = nn.Linear(QUERIES * WIDTH, len(AUDIO_CLASSES))
        self.letter = nn.Linear(WIDTH, 1 + len(LETTERS))


def place(clips: list[np.ndarray], rng: np.random.Generator, strength: float = 1.0, room: float = 1.0) -> Tensor:
    """Clips somewhere in a chunk, at another speed, loudness and noise level: `[B, CHUNK]`.

    `room` is the part of the free time that the start may use; `strength` scales the rest."""
    out = np.zeros((len(clips), CHUNK), np.float32)
    for row, clip in zip(out, clips):
        speed = 1 + 0.18 * strength * rng.uniform(-1, 1)
        at = np.arange(0, len(clip) - 1, speed)
        clip = np.interp(at, np.arange(len(clip)), clip)[:CHUNK].astype(np.float32)
        start = int(rng.uniform(0, 1) * room * (CHUNK - len(clip)))
        gain = 10 ** (-strength * rng.uniform(0, 1.2))
        row[start : start + len(clip)] = gain * clip
        if rng.random() < 0.7 * strength:
            level = gain * 10 ** rng.uniform(-3.2, -1.4)
            at = rng.integers(len(_NOISE) - CHUNK)
            # Half of the recordings end, and their noise with them, before the chunk does; zeros follow.
            end = CHUNK if rng.random() < 0.5 else start + len(clip) + int(rng.uniform(0, 0.3) * RATE)
            row[:end] += level * _NOISE[at : at + CHUNK][:end]
    return torch.from_numpy(out)


def _other_speaker(features: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """Formants moved up or down (another vocal tract) and time stretched a little, by another amount in each half of the chunk."""
    count, bands, frames = features.shape
    uniform = lambda size: torch.rand(count, 1, generator=generator) * 2 * size - size
    band, frame = torch.linspace(-1, 1, bands)[None], torch.linspace(-1, 1, frames)[None]
    y = band + strength * (uniform(0.16) * (band + 1) + uniform(0.06))
    x = frame + strength * uniform(0.06) * (1 - frame.square())
    grid = torch.stack([x[:, None].expand(-1, bands, -1), y[:, :, None].expand(-1, -1, frames)], -1)
    return F.grid_sample(features[:, None], grid, mode="bilinear", padding_mode="border", align_corners=True)[:, 0]


def _room(features: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """A third of the clips in a room: energy that decays over the next frames."""
    count = len(features)
    some = torch.rand(count, 1, 1, generator=generator) < 0.35 * strength
    level, decay = 0.5 * torch.rand(count, 1, 1, generator=generator), 0.4 + 0.45 * torch.rand(count, 1, 1, generator=generator)
    energy = 10 ** (4 * features)
    tail = sum(level * decay**k * F.pad(energy[..., :-k], (k, 0)) for k in range(1, 9))
    return torch.where(some, (energy + tail).log10() / 4, features)


def _telephone(features: Tensor, generator: torch.Generator, strength: float) -> Tensor:
    """A third of the clips without the bands above 3 to 7 kHz, half of these without those below up to 300 Hz: nothing there, or faint noise."""
    count, bands, _ = features.shape
    uniform = lambda: torch.rand(count, 1, 1, generator=generator)
    band = torch.arange(bands)[None, :, None]
    highest = (0.68 + 0.27 * uniform()) * bands
    lowest = torch.where(uniform() < 0.5, 0.1 * bands * uniform(), 0.0)
    cut = (uniform() < 0.35 * strength) & ((band > highest) | (band < lowest))
    floor = features.amax((1, 2), keepdim=True) - 2 + (0.7 * uniform() - 0.2).clamp(min=0)
    return torch.where(cut, torch.minimum(features, floor), features)


def colour(features: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """Another speaker, room, microphone (a smooth offset over the bands) and line; and two hidden stripes per clip, one in time, one in bands."""
    features = _room(_other_speaker(features, generator, strength), generator, strength)
    count, bands, frames = features.shape
    knots = torch.randn(count, 1, 6, generator=generator) * 0.13 * strength
    features = _telephone(features + F.interpolate(knots, bands, mode="linear", align_corners=True).transpose(1, 2), generator, strength)
    for axis, size, widest in ((2, frames, 12), (1, bands, 12)):
        start = torch.randint(size, (count, 1), generator=generator)
        width = torch.randint(1 + int(widest * strength), (count, 1), generator=generator)
        index = torch.arange(size)[None]
        hidden = (index >= start) & (index < start + width)
        features = features.masked_fill(hidden[:, None, :] if axis == 2 else hidden[:, :, None], features.mean().item())
    return features


def sets_of(clips: Clips) -> dict[str, np.ndarray]:
    parts = np.array([part for part, _ in clips.rows])
    return {part: np.flatnonzero(parts == part) for part in sorted(set(parts))}


def evaluation_features(clips: Clips, chosen, seed: int = 5) -> Tensor:
    """Clips with mild, fixed disturbance."""
    return log_mel(place([clips[i] for i in chosen], np.random.default_rng(seed), 0.4))


def train(steps: int, rate: float = 2e-3, stop_at: float = math.inf, name: str = "audio", n_speech: int = 48, n_sound: int = 16) -> None:
    speech, sounds = Clips("speech"), Clips("sounds")
    speech_sets, sound_sets = sets_of(speech), sets_of(sounds)
    classes = {id(c): torch.tensor([CLASS_OF[label] for _, label in c.rows]) for c in (speech, sounds)}
    model = AudioClassifier()
    trainer = Trainer(name, model, steps, rate)

    def loss_of(step: int) -> dict[str, Tensor]:
        rng, generator = np.random.default_rng(step), torch.Generator().manual_seed(step)
        spoken = rng.choice(speech_sets["train"], n_speech)
        heard = rng.choice(sound_sets["train"], n_sound)
        grown = min(1.0, 0.2 + step / 1500)
        waves = place([speech[i] for i in spoken] + [sounds[i] for i in heard], rng, grown, grown)
        features = colour(log_mel(waves), generator, grown)
        target = torch.cat([classes[id(speech)][spoken], classes[id(sounds)][heard]])
        with autocast():
            states = model.encoder(features)
            logits = model.label(model.aligner(states).flatten(1)).float()
            letters = model.letter(states[:n_speech]).float().log_softmax(-1).transpose(0, 1)
        texts = [[1 + LETTERS.index(c) for c in speech.rows[i][1]] for i in spoken]
        ctc = F.ctc_loss(letters, torch.tensor(sum(texts, [])), torch.full((n_speech,), len(letters)), torch.tensor([len(t) for t in texts]), zero_infinity=True)
        return {"label": F.cross_entropy(logits, target), "ctc": 0.3 * ctc}

    def hits(clips: Clips, chosen) -> float:
        found = [model.label(model.aligner(model.encoder(evaluation_features(clips, part))).flatten(1)).argmax(1) == classes[id(clips)][part] for part in np.array_split(chosen, max(1, len(chosen) // 64))]
        return 100 * torch.cat(found).float().mean().item()

    def evaluate() -> str:
        parts = [(p, speech, speech_sets[p][::2]) for p in ("rendering", "variant", "engine")]
        parts += [(f"sound {p}", sounds, sound_sets[p][::2]) for p in ("rendering", "font")]
        return " ".join(f"{part} {hits(clips, chosen):.1f}" for part, clips, chosen in parts)

    trainer.run(loss_of, evaluate, stop_at)


__all__ = ["AudioClassifier", "train", "NOISE", "SOUND_LABELS"]
