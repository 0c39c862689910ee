"""Spoken words and questions from espeak-ng, flite and festival; some espeak variants and two flite voices are held out."""

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
VARIANTS = (
    "", "", "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "Andy", "Annie", "linda", "steph", "Alex", "Michael", "Lee", "anika", "klatt2", "klatt3", "Mario", "Denis",
    "Gene", "Hugo", "Jacky", "Marco", "Mike", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb", "david", "ed", "edward", "grandma", "iven2", "john", "max", "michel", "norbert", "pablo", "paul", "rob", "robert", "shelby", "travis", "victor", "zac",
)
HELD_OUT_VARIANTS = ("steph2", "m8", "klatt4", "adam", "Alicia")
HELD_OUT_FLITE = ("slt", "awb")
#: voice -> renderings of each word
FLITE = {"kal16": 14, "rms": 26}
FESTIVAL = {"ked": 10, "kal": 4}


def _read(path: Path) -> np.ndarray:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return trim(resample(samples.mean(1), rate))


def espeak(text: str, rng: random.Random, variants=VARIANTS) -> np.ndarray:
    variant = rng.choice(variants)
    voice = rng.choice(ACCENTS) + (f"+{variant}" if variant else "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        subprocess.run(
            ["espeak-ng", "-v", voice, "-p", str(rng.randint(20, 80)), "-s", str(rng.randint(115, 200)), "-w", str(path), text],
            check=True, stderr=subprocess.DEVNULL,
        )
        return _read(path)


def flite(text: str, voice: str, rng: random.Random, wide: bool = False) -> np.ndarray:
    """`wide` draws pitch and length from a larger range: few voices stand for many speakers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        pitch = {"kal16": 105, "rms": 105, "slt": 170, "awb": 130}[voice]
        pitch *= rng.uniform(0.75, 1.8) if wide else rng.uniform(0.85, 1.2)
        stretch = rng.uniform(0.75, 1.4) if wide else rng.uniform(0.85, 1.3)
        subprocess.run(
            ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch:.2f}", "--setf", f"int_f0_target_mean={pitch:.0f}", "-t", text, "-o", str(path)],
            check=True, stderr=subprocess.DEVNULL,
        )
        return _read(path)


def festival(texts: list[str], voice: str, rng: random.Random) -> list[np.ndarray]:
    """One process for all texts: it takes long to start."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"(voice_{voice}_diphone)"]
        for i, text in enumerate(texts):
            mean = rng.uniform(80, 200)
            lines += [
                f"(Parameter.set 'Duration_Stretch {rng.uniform(0.8, 1.35):.2f})",
                f"(set! int_lr_params '((target_f0_mean {mean:.0f}) (target_f0_std {mean * rng.uniform(0.06, 0.16):.0f}) (model_f0_mean 170) (model_f0_std 34)))",
                f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{folder}/{i}.wav")',
            ]
        script = Path(folder) / "all.scm"
        script.write_text("\n".join(lines))
        subprocess.run(["festival", "-b", str(script)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return [_read(Path(folder) / f"{i}.wav") for i in range(len(texts))]


def synthesize(per_item: int = 70) -> None:
    """Writes speech clips in four sets: `train`, `rendering` (voices of training, other pitch and length), `variant` (held-out espeak
    variants), `engine` (held-out flite voices)."""
    items = [*WORDS, *SPOKEN_QUESTIONS]
    jobs = []
    for item in items:
        extra = 2 if item in SPOKEN_QUESTIONS else 1
        jobs += [("train", item, None, i) for i in range(per_item * extra)]
        jobs += [("train", item, voice, i) for voice, count in FLITE.items() for i in range(count * extra)]
        jobs += [("rendering", item, None, i) for i in range(3)]
        jobs += [("rendering", item, voice, 0) for voice in FLITE]
        jobs += [("variant", item, None, i) for i in range(3)]
        jobs += [("engine", item, voice, i) for voice in HELD_OUT_FLITE for i in range(3)]

    def run(job) -> np.ndarray:
        part, item, voice, i = job
        rng = random.Random(f"{part}/{item}/{voice}/{i}")
        if voice:
            return flite(item, voice, rng, wide=part == "train")
        return espeak(item, rng, HELD_OUT_VARIANTS if part == "variant" else VARIANTS)

    writer = ClipWriter("speech")
    with ThreadPoolExecutor(2) as pool:
        for done, (job, clip) in enumerate(zip(jobs, pool.map(run, jobs))):
            writer.add(job[0], job[1], clip[: 3 * RATE])
            if done % 1000 == 0:
                print(f"speech {done}/{len(jobs)}", flush=True)
    for voice, count in FESTIVAL.items():
        for i in range(count):
            for item, clip in zip(items, festival(items, voice, random.Random(f"{voice}/{i}"))):
                writer.add("train", item, clip[: 3 * RATE])
        print(f"speech: festival {voice}", flush=True)
    writer.close()
