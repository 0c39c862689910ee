"""Spoken words and questions from espeak-ng and flite; renderings of two flite voices are held out."""

import random
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import soundfile

from .clips import RATE, ClipWriter, resample, trim
from .vocabulary import SPOKEN_QUESTIONS, WORDS

ACCENTS = ("en-us", "en-us", "en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029")
VARIANTS = ("", "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "Andy", "Annie", "Linda", "Steph", "Alex", "Michael", "Lee", "anika", "klatt2", "Mario", "Denis")
HELD_OUT_VARIANTS = ("Steph2", "m8", "klatt4", "Adam", "Alicia")
HELD_OUT_FLITE = ("slt", "awb")
FLITE = ("kal16", "rms")


def _read(path: Path) -> np.ndarray:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return trim(resample(samples.mean(1), rate))


def espeak(text: str, rng: random.Random, variants=VARIANTS) -> np.ndarray:
    variant = rng.choice(variants)
    voice = rng.choice(ACCENTS) + (f"+{variant}" if variant else "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        subprocess.run(
            ["espeak-ng", "-v", voice, "-p", str(rng.randint(25, 75)), "-s", str(rng.randint(120, 190)), "-w", str(path), text],
            check=True, stderr=subprocess.DEVNULL,
        )
        return _read(path)


def flite(text: str, voice: str, rng: random.Random) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        pitch = {"kal16": 105, "rms": 105, "slt": 170, "awb": 130}[voice]
        subprocess.run(
            ["flite", "-voice", voice, "--setf", f"duration_stretch={rng.uniform(0.85, 1.3):.2f}",
             "--setf", f"int_f0_target_mean={pitch * rng.uniform(0.85, 1.2):.0f}", "-t", text, "-o", str(path)],
            check=True, stderr=subprocess.DEVNULL,
        )
        return _read(path)


def synthesize(per_item: int = 30, per_flite: int = 4) -> None:
    """Writes speech clips in three sets: `train`, `variant` (held-out espeak variants), `engine` (held-out flite voices)."""
    items = [*WORDS, *SPOKEN_QUESTIONS]
    jobs = []
    for item in items:
        extra = 2 if item in SPOKEN_QUESTIONS else 1
        jobs += [("train", item, None, i) for i in range(per_item * extra)]
        jobs += [("train", item, voice, i) for voice in FLITE for i in range(per_flite * extra)]
        jobs += [("variant", item, None, i) for i in range(3)]
        jobs += [("engine", item, voice, i) for voice in HELD_OUT_FLITE for i in range(2)]

    def run(job) -> np.ndarray:
        part, item, voice, i = job
        rng = random.Random(f"{part}/{item}/{voice}/{i}")
        if voice:
            return flite(item, voice, rng)
        return espeak(item, rng, VARIANTS if part == "train" else HELD_OUT_VARIANTS)

    writer = ClipWriter("speech")
    with ThreadPoolExecutor(2) as pool:
        for done, (job, clip) in enumerate(zip(jobs, pool.map(run, jobs))):
            writer.add(job[0], job[1], clip[: 3 * RATE])
            if done % 200 == 0:
                print(f"speech {done}/{len(jobs)}", flush=True)
    writer.close()
