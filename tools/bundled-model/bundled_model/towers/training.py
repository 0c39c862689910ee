"""What all stages share: bfloat16 matrix products, warm-up and cosine schedule, resumable state."""

import math
import os
import signal
import time
from pathlib import Path

import torch
from torch import nn

from ..paths import STATE

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def autocast():
    return torch.autocast("cpu", dtype=torch.bfloat16)


class Trainer:
    """AdamW with a cosine schedule over `steps`, or over the time until `stop_at` where that ends sooner; saves `STATE/<name>.pt` at every
    report and continues from it."""

    def __init__(self, name: str, model: nn.Module, steps: int, rate: float, every: int = 200, decay: float = 0.05):
        self.path, self.model, self.steps, self.rate, self.every = Path(STATE / f"{name}.pt"), model, steps, rate, every
        matrices = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
        others = [p for p in model.parameters() if p.requires_grad and p.ndim <= 1]
        self.optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0}], lr=rate, betas=(0.9, 0.98))
        self.step, self.name, self.losses = 0, name, {}
        self.seconds, self.progress = 0.0, 0.0
        if self.path.exists():
            state = torch.load(self.path, weights_only=True)
            model.load_state_dict(state["model"])
            if state["step"] < steps:
                self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.seconds = state["step"], state["seconds"]
            # A run that was interrupted goes on along its schedule; one that is asked for more steps gets a new schedule.
            self.progress = state["progress"] if state.get("steps") == steps else self.step / steps
            print(f"{name}: continues at step {self.step}", flush=True)

    def save(self) -> None:
        temporary = self.path.with_suffix(".tmp")
        torch.save({"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step, "seconds": self.seconds, "steps": self.steps, "progress": self.progress}, temporary)
        temporary.replace(self.path)

    def run(self, loss_of, evaluate=None, stop_at: float = math.inf) -> None:
        """`loss_of(step)` returns a dictionary of losses, summed. Ends after `steps`, at the clock time `stop_at` or when asked to terminate; the state is saved in any case."""
        stopped = []
        signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
        began = started = time.time()
        before = self.progress if self.step < self.steps else 0.0
        while self.step < self.steps and time.time() < stop_at and not stopped:
            warm = min(1.0, (self.step + 1) / min(200, 1 + self.steps // 6))
            timed = before + (1 - before) * (time.time() - started) / (stop_at - started)
            self.progress = max(self.step / self.steps, timed)
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate * warm * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * self.progress)))
            losses = loss_of(self.step)
            self.optimizer.zero_grad(set_to_none=True)
            sum(losses.values()).backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            for key, value in losses.items():
                self.losses[key] = 0.98 * self.losses.get(key, value.item()) + 0.02 * value.item()
            if self.step % self.every == 0 or self.step == self.steps:
                now = time.time()
                self.seconds, began = self.seconds + now - began, now
                told = " ".join(f"{key} {value:.3f}" for key, value in self.losses.items())
                extra = ""
                if evaluate and (self.step % (self.every * 5) == 0 or self.step == self.steps):
                    self.model.eval()
                    with torch.no_grad(), autocast():
                        extra = " | " + evaluate()
                    self.model.train()
                print(f"{self.name} {self.step}/{self.steps} {self.seconds:.0f} s, {100 * self.progress:.0f} % {told}{extra}", flush=True)
                self.save()
        self.seconds += time.time() - began
        self.save()
