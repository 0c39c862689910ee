"""python -m bundled_model STAGE [options]; every stage continues where it was stopped."""

import argparse
import math
import time
from pathlib import Path

parser = argparse.ArgumentParser(prog="bundled_model")
stages = parser.add_subparsers(dest="stage", required=True)


def stage(name: str, help_text: str, steps: int | None = None) -> argparse.ArgumentParser:
    added = stages.add_parser(name, help=help_text)
    if steps is not None:
        added.add_argument("--steps", type=int, default=steps)
        added.add_argument("--minutes", type=float, default=math.inf, help="stop after this time, keep the state")
    return added


stage("fetch", "install the data packages")
stage("render", "draw the icons")
stage("synthesize", "speak words and questions, play sounds")
stage("vision", "train the vision tower", 2800)
stage("audio", "train the audio tower", 1500)
store = stage("cache", "store tower outputs for the decoder's training, train the tokenizer if there is none")
store.add_argument("--part", choices=("pictures", "sounds"), help="this part only, as soon as its tower is trained")
stage("dense", "decoder: dense warm-up", 1200)
stage("experts", "decoder: four experts, specialised by modality", 600)
stage("lora", "decoder: LoRA, routers and connectors, load balance", 250)
adapter = stage("adapter", "a switchable adapter", 300)
adapter.add_argument("style", choices=("german", "one-word"))
measure = stage("evaluate", "accuracy by kind")
measure.add_argument("--each", type=int, default=200)
measure.add_argument("--q4-only", action="store_true", help="leave out the run without quantisation")
label = stage("export-set", "labelled sets for `pnpm evaluate`, one folder each")
label.add_argument("folder", type=Path)
label.add_argument("--each", type=int, default=40, help="questions per kind")
stage("card", "put the results into the model card")
stage("write", "write the reference folders").add_argument("--state", default="llm-lora", choices=("llm-experts", "llm-lora"))
options = parser.parse_args()

if options.stage == "fetch":
    from .fetch import fetch

    fetch()
elif options.stage == "render":
    from . import pictures

    pictures.render_icons()
elif options.stage == "synthesize":
    from . import sounds, speech

    speech.synthesize()
    sounds.synthesize()
elif options.stage in ("vision", "audio"):
    from .towers import audio, vision

    {"vision": vision, "audio": audio}[options.stage].train(options.steps, stop_at=time.time() + 60 * options.minutes)
elif options.stage == "cache":
    from .llm import features, styles, train
    from .llm.dialogues import Dialogues
    from .paths import STATE

    for part in (options.part,) if options.part else ("pictures", "sounds"):
        features.cache(part)
    if not (STATE / "tokenizer.model").exists() and not options.part:
        train.make_tokenizer(Dialogues(features.Features()), styles.tokenizer_texts())
elif options.stage in ("dense", "experts", "lora"):
    from .llm import train

    train.train(options.stage, options.steps, stop_at=time.time() + 60 * options.minutes)
elif options.stage == "adapter":
    from .llm import adapters

    adapters.train(options.style, options.steps, stop_at=time.time() + 60 * options.minutes)
elif options.stage == "evaluate":
    from .evaluate import evaluate

    evaluate(options.each, options.q4_only)
elif options.stage == "export-set":
    from .export_set import SETS, export_set

    for name in SETS:
        export_set(options.folder / name, name, options.each)
elif options.stage == "card":
    from .card import fill

    fill()
elif options.stage == "write":
    from .write import write

    write(options.state)
