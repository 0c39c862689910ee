"""Whisper's log-mel features with the settings that `preprocessor_config.json` carries; a tower input is `[80, FRAMES]`."""

import numpy as np
import torch
from torch import Tensor

from .clips import RATE

MELS, N_FFT, HOP, CHUNK_S = 80, 640, 320, 3
CHUNK = CHUNK_S * RATE
FRAMES = CHUNK // HOP


def mel_filters() -> np.ndarray:
    """`[MELS, N_FFT / 2 + 1]`: Slaney's scale and area normalisation, 0 to 8 kHz."""
    to_hz = lambda m: np.where(m < 15, 200 * m / 3, 1000 * np.exp((m - 15) * np.log(6.4) / 27))
    points = to_hz(np.linspace(0, 15 + 27 * np.log(8) / np.log(6.4), MELS + 2))
    bins = np.arange(N_FFT // 2 + 1) * RATE / N_FFT
    low, centre, high = points[:-2, None], points[1:-1, None], points[2:, None]
    triangles = np.maximum(0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    return triangles * 2 / (high - low)


_FILTERS = torch.from_numpy(mel_filters().astype(np.float32))
_WINDOW = torch.hann_window(N_FFT, periodic=True)


def log_mel(samples: Tensor) -> Tensor:
    """`[B, CHUNK]` to `[B, MELS, FRAMES]`."""
    padded = torch.nn.functional.pad(samples[:, None], (N_FFT // 2, N_FFT // 2), mode="reflect")[:, 0]
    frames = padded.unfold(1, N_FFT, HOP)[:, :FRAMES] * _WINDOW
    power = torch.view_as_real(torch.fft.rfft(frames)).square().sum(-1)
    decades = (power @ _FILTERS.T).clamp(min=1e-10).log10().transpose(1, 2)
    return (torch.maximum(decades, decades.amax((1, 2), keepdim=True) - 8) + 4) / 4
