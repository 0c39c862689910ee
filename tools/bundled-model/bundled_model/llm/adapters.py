"""Two switchable adapters: LoRA beside the frozen, quantised decoder."""

import random

import torch

from .. import write
from ..paths import REFERENCE, STATE
from ..towers.training import Trainer
from .dialogues import Dialogues
from .features import Features
from .model import SwitchedWeight, UniMoe, Weight
from .prompt import Tokenizer
from .styles import restyle
from .train import Batcher, add_lora, answer_loss, generate, load, lora_weights

RANK, ALPHA = 8, 16


def attach(model: UniMoe) -> dict[str, SwitchedWeight]:
    """Freezes the model and puts an adapter beside its matrices."""
    Weight.quantized = True
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    adapters = {}
    for name, weight in lora_weights(model).items():
        parent = model.get_submodule(name.rsplit(".", 1)[0])
        adapter = SwitchedWeight(weight, RANK, ALPHA)
        setattr(parent, name.rsplit(".", 1)[1], adapter)
        adapters[name] = adapter
    return adapters


def train(style: str, steps: int, batch: int = 32, rate: float = 4e-3, stop_at: float = float("inf")) -> None:
    torch.manual_seed(5)
    batcher = Batcher(Features(), Tokenizer())
    model = load("llm-lora", add_lora)
    adapters = attach(model)
    dialogues = Dialogues(batcher.features)
    holder = torch.nn.ModuleDict({name.replace(".", "/"): adapter for name, adapter in adapters.items()})
    held_out = Dialogues(batcher.features, 1)

    def draw(source: Dialogues, rng: random.Random):
        while (found := restyle(source.draw(rng), style)) is None:
            pass
        return found

    def loss_of(step: int):
        rng = random.Random(f"{style}/{step}")
        inputs, ids, learn, _ = batcher.batch([draw(dialogues, rng) for _ in range(batch)])
        return {"answer": answer_loss(model, inputs, ids, learn)}

    def evaluate() -> str:
        rng = random.Random(2)
        asked = [draw(held_out, rng) for _ in range(80)]
        found = generate(model, batcher, asked)
        return f"{sum(d.turns[-1][1] == a for d, a in zip(asked, found))}/80 " + " | ".join(found[:5])

    trainer = Trainer(f"adapter-{style}", holder, steps, rate, every=50, decay=0.0)
    trainer.run(loss_of, evaluate, stop_at)
    write.write_adapter(style, adapters, RANK, ALPHA, REFERENCE / "adapters")
    print(f"adapter {style} in {REFERENCE / 'adapters'}; state in {STATE}")
