"""Mono 16 kHz clips as one int16 array with offsets, labels and set names."""

import json

import numpy as np

from .paths import DATA

RATE = 16_000


def resample(samples: np.ndarray, rate: int) -> np.ndarray:
    """Band-limited resampling of a whole clip to 16 kHz in the frequency domain."""
    if rate == RATE:
        return samples
    length = round(len(samples) * RATE / rate)
    spectrum = np.fft.rfft(samples)
    bins = length // 2 + 1
    kept = np.zeros(bins, complex)
    kept[: min(bins, len(spectrum))] = spectrum[:bins]
    return (np.fft.irfft(kept, length) * (length / len(samples))).astype(np.float32)


def trim(samples: np.ndarray) -> np.ndarray:
    """Cuts silence at both ends, keeping 20 ms."""
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max(initial=1e-9))
    if len(loud) == 0:
        return samples
    return samples[max(loud[0] - 320, 0) : loud[-1] + 320]


class ClipWriter:
    def __init__(self, name: str):
        self.name, self.clips, self.rows = name, [], []

    def add(self, part: str, label: str, samples: np.ndarray) -> None:
        peak = np.abs(samples).max(initial=1e-9)
        self.clips.append((samples / peak * 32000).astype(np.int16))
        self.rows.append((part, label))

    def close(self) -> None:
        np.save(DATA / f"{self.name}.npy", np.concatenate(self.clips))
        offsets = np.cumsum([0, *map(len, self.clips)]).tolist()
        (DATA / f"{self.name}.json").write_text(json.dumps({"offsets": offsets, "rows": self.rows}))


class Clips:
    def __init__(self, name: str):
        self.samples = np.load(DATA / f"{name}.npy", mmap_mode="r")
        meta = json.loads((DATA / f"{name}.json").read_text())
        self.offsets, self.rows = meta["offsets"], [tuple(row) for row in meta["rows"]]

    def __getitem__(self, i: int) -> np.ndarray:
        return self.samples[self.offsets[i] : self.offsets[i + 1]].astype(np.float32) / 32768
