"""CLIP vision tower, Whisper encoder and Whisper-decoder aligner under the public parameter names, so that a state
dictionary is a checkpoint file. Written from the descriptions in the transformers documentation; widths are small."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    def __init__(self, width: int, heads: int, key_bias: bool):
        super().__init__()
        self.heads = heads
        self.q_proj, self.v_proj, self.out_proj = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width, bias=key_bias)

    def forward(self, x: Tensor, memory: Tensor | None = None, causal: bool = False) -> Tensor:
        source = x if memory is None else memory
        q, k, v = (p.unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in (self.q_proj(x), self.k_proj(source), self.v_proj(source)))
        # Plain matrix products: for these short rows the fused kernel's backward pass takes most of the time on a CPU.
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        if causal:
            scores = scores + torch.full(scores.shape[-2:], -1e4, dtype=scores.dtype).triu(1)
        return self.out_proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class ClipMlp(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        h = self.fc1(x)
        return self.fc2(h * torch.sigmoid(1.702 * h))


class ClipLayer(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.self_attn, self.mlp = Attention(width, heads, key_bias=True), ClipMlp(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class ClipVision(nn.Module):
    """`vision_model` of CLIP up to the selected hidden state: pixels `[B, 3, S, S]` to patches `[B, P, C]`."""

    def __init__(self, image: int = 48, patch: int = 12, width: int = 128, layers: int = 4, heads: int = 4):
        super().__init__()
        patches = (image // patch) ** 2
        self.embeddings = nn.Module()
        self.embeddings.class_embedding = nn.Parameter(torch.randn(width) * 0.02)
        self.embeddings.patch_embedding = nn.Conv2d(3, width, patch, patch, bias=False)
        self.embeddings.position_embedding = nn.Embedding(patches + 1, width)
        nn.init.normal_(self.embeddings.position_embedding.weight, std=0.02)
        self.pre_layrnorm = nn.LayerNorm(width)
        self.encoder = nn.Module()
        self.encoder.layers = nn.ModuleList(ClipLayer(width, heads) for _ in range(layers))

    def forward(self, pixels: Tensor) -> Tensor:
        embeddings = self.embeddings
        x = embeddings.patch_embedding(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([embeddings.class_embedding.expand(len(x), 1, -1), x], 1) + embeddings.position_embedding.weight
        x = self.pre_layrnorm(x)
        for layer in self.encoder.layers:
            x = layer(x)
        return x[:, 1:]


class WhisperLayer(nn.Module):
    def __init__(self, width: int, heads: int, cross: bool):
        super().__init__()
        self.self_attn, self.self_attn_layer_norm = Attention(width, heads, key_bias=False), nn.LayerNorm(width)
        if cross:
            self.encoder_attn, self.encoder_attn_layer_norm = Attention(width, heads, key_bias=False), nn.LayerNorm(width)
        self.fc1, self.fc2, self.final_layer_norm = nn.Linear(width, 4 * width), nn.Linear(4 * width, width), nn.LayerNorm(width)

    def forward(self, x: Tensor, memory: Tensor | None = None) -> Tensor:
        x = x + self.self_attn(self.self_attn_layer_norm(x), causal=memory is not None)
        if memory is not None:
            x = x + self.encoder_attn(self.encoder_attn_layer_norm(x), memory)
        return x + self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))


def sinusoids(length: int, width: int) -> Tensor:
    scale = torch.exp(-torch.arange(width // 2) * math.log(10000) / (width // 2 - 1))
    angles = torch.arange(length)[:, None] * scale
    return torch.cat([angles.sin(), angles.cos()], 1)


class WhisperEncoder(nn.Module):
    """Log-mel `[B, 80, 2 P]` to states `[B, P, C]`."""

    def __init__(self, positions: int, width: int = 128, layers: int = 3, heads: int = 4, mels: int = 80):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(mels, width, 3, padding=1), nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(positions, width)
        self.embed_positions.weight = nn.Parameter(sinusoids(positions, width), requires_grad=False)
        self.layers = nn.ModuleList(WhisperLayer(width, heads, cross=False) for _ in range(layers))
        self.layer_norm = nn.LayerNorm(width)

    def forward(self, features: Tensor) -> Tensor:
        x = F.gelu(self.conv2(F.gelu(self.conv1(features)))).transpose(1, 2) + self.embed_positions.weight
        for layer in self.layers:
            x = layer(x)
        return self.layer_norm(x)


class WhisperAligner(nn.Module):
    """Whisper decoder over learned query vectors: states `[B, P, C]` to `[B, Q, C]`. Causal among the queries."""

    def __init__(self, queries: int = 8, width: int = 128, layers: int = 1, heads: int = 4):
        super().__init__()
        self.query_tokens = nn.Parameter(torch.randn(1, queries, width) * 0.02)
        self.audio_decoder = nn.Module()
        self.audio_decoder.embed_positions = nn.Embedding(queries, width)
        nn.init.normal_(self.audio_decoder.embed_positions.weight, std=0.5)
        self.audio_decoder.layers = nn.ModuleList(WhisperLayer(width, heads, cross=True) for _ in range(layers))
        self.audio_decoder.layer_norm = nn.LayerNorm(width)

    def forward(self, memory: Tensor) -> Tensor:
        x = (self.query_tokens + self.audio_decoder.embed_positions.weight).expand(len(memory), -1, -1)
        for layer in self.audio_decoder.layers:
            x = layer(x, memory)
        return self.audio_decoder.layer_norm(x)
