"""LLaMA decoder with mixtures of experts, under the reference's parameter names; sections 5.7 and 5.8 of its specification.

Training conveniences: all conversations of a batch share the system text, so its rows are computed once; weights can be
seen through the block format `q4` (straight-through), and through LoRA."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass
class Config:
    vocab_size: int = 2048
    hidden_size: int = 160
    intermediate_size: int = 320
    num_hidden_layers: int = 4
    num_attention_heads: int = 5
    num_experts: int = 1
    num_experts_per_tok: int = 1
    rms_norm_eps: float = 1e-5
    image_width: int = 160
    audio_width: int = 128


class _FakeQ4(torch.autograd.Function):
    """Blocks of 32 along the last axis; the block's extreme value meets code -8. The gradient passes unchanged."""

    @staticmethod
    def forward(ctx, weight: Tensor) -> Tensor:
        blocks = weight.unflatten(-1, (-1, 32))
        most, least = blocks.amax(-1, keepdim=True), blocks.amin(-1, keepdim=True)
        scale = (torch.where(most > -least, most, least) / -8).half().float()
        codes = (blocks / torch.where(scale == 0, 1, scale)).add_(0.5).floor_().clamp_(-8, 7)
        return codes.mul_(scale).flatten(-2)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient


class Weight(nn.Module):
    """`weight` `[..., N, K]`, optionally plus LoRA and seen through q4."""

    quantized = False

    def __init__(self, *shape: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(*shape) * 0.02)
        self.lora_A: nn.Parameter | None = None
        self.lora_B: nn.Parameter | None = None
        self.scale = 0.0

    def add_lora(self, rank: int, alpha: int) -> None:
        lead = self.weight.shape[:-2]
        out_features, in_features = self.weight.shape[-2:]
        self.lora_A = nn.Parameter(torch.randn(*lead, rank, in_features) / math.sqrt(in_features))
        self.lora_B = nn.Parameter(torch.zeros(*lead, out_features, rank))
        self.scale = alpha / rank

    def merged(self) -> Tensor:
        """What the reference computes with: base plus LoRA."""
        return self.weight if self.lora_A is None else self.weight + self.scale * (self.lora_B @ self.lora_A)

    def seen(self) -> Tensor:
        weight = self.merged()
        return _FakeQ4.apply(weight) if Weight.quantized else weight

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.seen())


class SwitchedWeight(nn.Module):
    """An adapter beside a frozen, quantised weight: LoRA that stays unmerged."""

    def __init__(self, base: Weight, rank: int, alpha: int):
        super().__init__()
        self.base = base
        lead = base.weight.shape[:-2]
        out_features, in_features = base.weight.shape[-2:]
        self.lora_A = nn.Parameter(torch.randn(*lead, rank, in_features) / math.sqrt(in_features))
        self.lora_B = nn.Parameter(torch.zeros(*lead, out_features, rank))
        self.scale = alpha / rank
        with torch.no_grad():
            self.register_buffer("frozen", base.seen().detach().clone(), persistent=False)

    def seen(self) -> Tensor:
        return self.frozen + self.scale * (self.lora_B @ self.lora_A)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.seen())


class RmsNorm(nn.Module):
    def __init__(self, width: int, eps: float):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        return self.weight * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps))


def rope(x: Tensor, positions: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    angles = positions[:, None].float() * 10000 ** (-torch.arange(half) / half)
    cos, sin = torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)
    turned = torch.cat([-x[..., half:], x[..., :half]], -1)
    return x * cos + turned * sin


class Attention(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.heads = c.num_attention_heads
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            setattr(self, name, Weight(c.hidden_size, c.hidden_size))

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, past: int) -> Tensor:
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        length = q.shape[-2]
        hidden = torch.full((length, length), -1e4, dtype=scores.dtype).triu(1)
        scores = scores + F.pad(hidden, (past, 0))
        return self.o_proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))

    def forward(self, prefix: Tensor, body: Tensor) -> tuple[Tensor, Tensor]:
        past = prefix.shape[1]
        split = lambda x: x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        first, then = torch.arange(past), past + torch.arange(body.shape[1])
        kp, vp = rope(split(self.k_proj(prefix)), first), split(self.v_proj(prefix))
        kb, vb = rope(split(self.k_proj(body)), then), split(self.v_proj(body))
        out_prefix = self._attend(rope(split(self.q_proj(prefix)), first).to(vp.dtype), kp.to(vp.dtype), vp, 0)
        k = torch.cat([kp.expand(len(body), -1, -1, -1), kb], 2)
        v = torch.cat([vp.expand(len(body), -1, -1, -1), vb], 2)
        return out_prefix, self._attend(rope(split(self.q_proj(body)), then).to(v.dtype), k.to(v.dtype), v, past)


class Experts(nn.Module):
    """One expert is the dense MLP; more are routed."""

    def __init__(self, c: Config):
        super().__init__()
        self.count, self.chosen = c.num_experts, c.num_experts_per_tok
        e, d, f = c.num_experts, c.hidden_size, c.intermediate_size
        self.gate_proj, self.up_proj, self.down_proj = Weight(e, f, d), Weight(e, f, d), Weight(e, d, f)
        self.gate = nn.Linear(d, e, bias=False) if e > 1 else None
        self.logits: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        rows = x.flatten(0, 1)
        matrices = [w.seen() for w in (self.gate_proj, self.up_proj, self.down_proj)]
        if self.gate is None:
            return self._expert(rows, *(m[0] for m in matrices)).view_as(x)
        with torch.autocast("cpu", enabled=False):
            self.logits = self.gate(rows.float())
        best, index = self.logits.topk(self.chosen, -1)
        share = best.softmax(-1)
        rows, out = rows.to(torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else rows.dtype), torch.zeros_like(x).flatten(0, 1)
        for e in range(self.count):
            row, slot = (index == e).nonzero(as_tuple=True)
            update = self._expert(rows.index_select(0, row), *(m[e] for m in matrices))
            out = out.index_add(0, row, update.to(out.dtype) * share[row, slot][:, None])
        return out.view_as(x)

    @staticmethod
    def _expert(rows: Tensor, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
        return F.linear(F.silu(F.linear(rows, gate)) * F.linear(rows, up), down)


class Layer(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.self_attn, self.mlp = Attention(c), Experts(c)
        self.input_layernorm, self.post_attention_layernorm = RmsNorm(c.hidden_size, c.rms_norm_eps), RmsNorm(c.hidden_size, c.rms_norm_eps)

    def forward(self, prefix: Tensor, body: Tensor) -> tuple[Tensor, Tensor]:
        a, b = self.self_attn(self.input_layernorm(prefix), self.input_layernorm(body))
        prefix, body = prefix + a, body + b
        split = prefix.shape[1]
        # One call for both: the rows of the prefix come first.
        rows = torch.cat([prefix.flatten(0, 1), body.flatten(0, 1)])[None]
        update = self.mlp(self.post_attention_layernorm(rows))[0]
        return prefix + update[:split][None], body + update[split:].view_as(body)


class UniMoe(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.config = c
        self.embed_tokens, self.lm_head = Weight(c.vocab_size, c.hidden_size), Weight(c.vocab_size, c.hidden_size)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.num_hidden_layers))
        self.norm = RmsNorm(c.hidden_size, c.rms_norm_eps)
        self.mm_projector = nn.Sequential(nn.Linear(c.image_width, c.hidden_size), nn.GELU(), nn.Linear(c.hidden_size, c.hidden_size))
        self.audio_projector = nn.Linear(c.audio_width, c.hidden_size)
        with torch.no_grad():
            for linear in (self.mm_projector[2], self.audio_projector):
                linear.weight.mul_(0.2)

    def hidden(self, prefix_ids: Tensor, ids: Tensor, images: Tensor, image_rows: Tensor, sounds: Tensor, sound_rows: Tensor) -> Tensor:
        """`prefix_ids` `[P]`, `ids` `[B, T]`; media features of all images and chunks in order of occurrence and the masks
        `[B, T]` of their rows. Returns normalised states of the body `[B, T, D]`."""
        table = self.embed_tokens.seen()
        body = F.embedding(ids, table)
        if len(images):
            body = body.masked_scatter(image_rows[..., None], self.mm_projector(images).to(body.dtype))
        if len(sounds):
            body = body.masked_scatter(sound_rows[..., None], self.audio_projector(sounds).to(body.dtype))
        prefix = F.embedding(prefix_ids, table)[None]
        for layer in self.layers:
            prefix, body = layer(prefix, body)
        return self.norm(body)
