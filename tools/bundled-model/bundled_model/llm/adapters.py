"""Two switchable adapters: LoRA beside the frozen, quantised decoder."""

import json
import random

import torch

from .. import write
from ..paths import REFERENCE, STATE
from ..towers.training import Trainer
from .dialogues import MIX, Dialogues
from .features import Features
from .model import SwitchedWeight, UniMoe, Weight
from .prompt import Tokenizer
from .styles import DESCRIPTIONS, restyle
from .train import Batcher, add_lora, answer_loss, generate, load, lora_weights, right

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


def train(style: str, steps: int, batch: int = 32, rate: float = 3e-3, stop_at: float = float("inf")) -> None:
    torch.manual_seed(5)
    batcher = Batcher(Features(), Tokenizer())
    model = load("llm-lora", add_lora)
    adapters = attach(model)
    dialogues = Dialogues(batcher.features)
    holder = torch.nn.ModuleDict({name.replace(".", "/"): adapter for name, adapter in adapters.items()})
    held_out = Dialogues(batcher.features, 1)

    def loss_of(step: int):
        rng = random.Random(f"{style}/{step}")
        inputs, ids, learn, _ = batcher.batch([restyle(dialogues.draw(rng), style) for _ in range(batch)])
        return {"answer": answer_loss(model, inputs, ids, learn)}

    def measured(each: int) -> dict[str, float]:
        """Percent of answers that are right and in the style, by kind."""
        share = {}
        for kind in MIX:
            asked = [restyle(held_out.draw(random.Random(f"{style}/{kind}/{i}"), kind), style) for i in range(each)]
            print(kind, generate(model, batcher, asked[:2]))
            share[kind] = round(100 * sum(right(model, batcher, asked)) / each, 1)
        return share

    trainer = Trainer(f"adapter-{style}", holder, steps, rate, every=50, decay=0.0)
    trainer.run(loss_of, None, stop_at)
    write.write_adapter(style, DESCRIPTIONS[style], adapters, RANK, ALPHA, REFERENCE / "adapters")
    with torch.no_grad():
        results = measured(100)
    (STATE / f"adapter-{style}.json").write_text(json.dumps(results))
    print(results)
    print(f"adapter {style} in {REFERENCE / 'adapters'}; state in {STATE}")
