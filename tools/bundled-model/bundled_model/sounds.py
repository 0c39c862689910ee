"""Instruments and sounds: General-MIDI programs rendered by fluidsynth, and a few synthesised classes."""

import random
import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from .clips import RATE, ClipWriter, resample
from .vocabulary import NOISE, SOUNDS

SOUND_FONT = "/usr/share/sounds/sf3/MuseScore_General_Lite.sf3"
#: Another sound font, used for evaluation only.
HELD_OUT_FONT = "/usr/share/sounds/sf2/FluidR3_GM.sf2"
SLOT_S = 3.0
LOW_PROGRAMS = {122, 123, 124, 125, 126, 127}
DRUMS = (35, 38, 42, 46, 49, 45, 47, 50, 51, 36, 40)


def _variable_length(value: int) -> bytes:
    out = bytes([value & 127])
    while value := value >> 7:
        out = bytes([value & 127 | 128]) + out
    return out


def _phrase(program, rng: random.Random) -> list[tuple[float, float, int, int]]:
    """Notes (start s, length s, key, velocity) of one clip of at most 2.6 s."""
    if program == "drums":
        step = rng.choice((0.15, 0.2, 0.25, 0.3))
        return [(i * step, 0.1, rng.choice(DRUMS), rng.randint(70, 120)) for i in range(int(2.2 / step))]
    if program in LOW_PROGRAMS:
        return [(0, rng.uniform(1.5, 2.4), rng.randint(54, 74), rng.randint(80, 120))]
    key, notes, t = rng.randint(52, 76), [], 0.0
    kind = rng.random()
    if kind < 0.25:
        return [(0, rng.uniform(1, 2.2), key + k, rng.randint(70, 115)) for k in (0, 4, 7)]
    if kind < 0.45:
        return [(0, rng.uniform(1, 2.2), key, rng.randint(70, 115))]
    while t < 2.0:
        length = rng.choice((0.2, 0.3, 0.4, 0.6))
        notes.append((t, length * 0.95, key, rng.randint(70, 115)))
        key = min(max(key + rng.choice((-5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 7)), 46), 84)
        t += length
    return notes


def _midi(program, phrases) -> bytes:
    """One track, 480 ticks per quarter at 120 bpm: 960 ticks per second."""
    channel = 9 if program == "drums" else 0
    events = [] if program == "drums" else [(0, 0, bytes([0xC0, program]))]
    for slot, phrase in enumerate(phrases):
        for start, length, key, velocity in phrase:
            on = int((slot * SLOT_S + start) * 960)
            events.append((on, 2, bytes([0x90 | channel, key, velocity])))
            events.append((on + int(length * 960), 1, bytes([0x80 | channel, key, 0])))
    track, last = b"", 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track += _variable_length(tick - last) + message
        last = tick
    track += b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(track)) + track


def _render(program, count: int, rng: random.Random, font: str, room: bool = False) -> list[np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder) / "a.mid", Path(folder) / "a.wav"
        midi.write_bytes(_midi(program, [_phrase(program, rng) for _ in range(count)]))
        subprocess.run(["fluidsynth", "-ni", "-o", "synth.dynamic-sample-loading=1", "-R", str(int(room)), "-C", str(int(room)), "-g", "0.8", "-r", "32000", "-F", str(wav), font, str(midi)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        samples, rate = soundfile.read(wav, dtype="float32", always_2d=True)
    samples = resample(samples.mean(1), rate)
    slot = int(SLOT_S * RATE)
    return [samples[i * slot : i * slot + int(2.7 * RATE)] for i in range(count)]


def _synthetic(kind: str, rng: random.Random) -> np.ndarray:
    length = int(rng.uniform(1.2, 2.7) * RATE)
    t = np.arange(length) / RATE
    if kind == "siren":
        centre, depth = rng.uniform(600, 1100), rng.uniform(150, 400)
        rate = rng.uniform(0.5, 2.5)
        frequency = centre + depth * (np.sin(2 * np.pi * rate * t) if rng.random() < 0.5 else np.sign(np.sin(2 * np.pi * rate * t)))
        wave = np.sin(2 * np.pi * np.cumsum(frequency) / RATE)
        return np.tanh(rng.uniform(1, 4) * wave).astype(np.float32)
    if kind == "beep":
        wave = np.sin(2 * np.pi * rng.uniform(300, 2500) * t)
        if rng.random() < 0.5:
            period = rng.uniform(0.2, 0.8)
            wave *= (t % period) < period / 2
        return wave.astype(np.float32)
    # noise: white, pink or brown, steady or gusty, or nearly nothing
    spectrum = np.fft.rfft(np.random.default_rng(rng.randrange(2**31)).standard_normal(length))
    spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** rng.choice((0, 0.5, 1))
    wave = np.fft.irfft(spectrum, length)
    if rng.random() < 0.4:
        wave *= 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.3, 6) * t + rng.random() * 6)
    return (wave / np.abs(wave).max()).astype(np.float32)


def synthesize() -> None:
    """Writes sound clips: `train`, `rendering` (new notes of the same font), `font` (another sound font)."""
    writer = ClipWriter("sounds")
    for label, program in (*SOUNDS.items(), (NOISE, "noise")):
        for part, count in (("train", 160), ("rendering", 20), ("font", 20)):
            rng = random.Random(f"{part}/{label}")
            if isinstance(program, int) or program == "drums":
                if part == "train":
                    # Half of them with the synthesiser's reverberation and chorus.
                    clips = _render(program, count // 2, rng, SOUND_FONT) + _render(program, count // 2, rng, SOUND_FONT, room=True)
                else:
                    clips = _render(program, count, rng, HELD_OUT_FONT if part == "font" else SOUND_FONT)
            else:
                clips = [_synthetic(program, rng) for _ in range(count * (2 if label == NOISE and part == "train" else 1))]
            for clip in clips:
                writer.add(part, label, clip)
        print(f"sounds {label}", flush=True)
    writer.close()
