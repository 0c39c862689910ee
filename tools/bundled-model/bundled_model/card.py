"""Tables of the model card from STATE/evaluation.json, between the markers of the card."""

import json
from pathlib import Path

from .evaluate import EXTRA, KINDS, SETS
from .paths import STATE

CARD = Path(__file__).resolve().parents[3] / "checkpoints/bundled/MODEL_CARD.md"
TITLES = {"name": "name the picture", "group": "which group", "check": "is this a ...?", "scene": "shape, color, count, position of drawn shapes", "speech": "which spoken word or question", "sound": "which sound or instrument",
          "spoken-question": "spoken question about a picture", "text": "text-only questions", "noise-picture": "noise picture: says that it cannot tell", "noise-sound": "noise sound: says that it cannot tell",
          "name, seen single-color art": "name the picture, single-color art of seen styles", "name, single-color art": "name the picture, single-color art", "speech, held-out espeak variants": "which spoken word, held-out espeak variants"}


def _cell(row: dict | None) -> str:
    return "" if row is None else f"{row['q4']:.0f} ({row['interval'][0]:.0f} to {row['interval'][1]:.0f})"


def _float(row: dict) -> str:
    return f"{row['float']:.0f}" if "float" in row else ""


def tables(results: dict) -> str:
    seen, held_out = (results[title] for title in SETS.values())
    lines = ["| kind | new renderings, seen styles and voices | float32 | held-out styles, voices, phrasings | float32 |", "| --- | --- | --- | --- | --- |"]
    for kind in (*KINDS, *EXTRA):
        cells = [cell for column in (seen, held_out) for cell in (_cell(column.get(kind)), _float(column.get(kind, {})))]
        lines.append(f"| {TITLES[kind]} | {' | '.join(cells)} |")
    count = next(iter(seen.values()))["count"]
    lines += ["", f"Percent right, greedy, q4, with 95 % intervals; {count} questions per cell.", "", "Part of the routed rows that each expert gets, in percent:", "", "| rows | layer | expert 0 | 1 | 2 | 3 |", "| --- | --- | --- | --- | --- | --- |"]
    for kind, layers in results["experts"].items():
        for i, parts in enumerate(layers):
            cells = " | ".join(f"{100 * part:.0f}" for part in parts)
            lines.append(f"| {kind if i == 0 else ''} | {i} | {cells} |")
    return "\n".join(lines)


def fill() -> None:
    card = CARD.read_text()
    before, rest = card.split("<!-- results -->", 1)
    after = rest.split("<!-- end of results -->", 1)[1]
    results = json.loads((STATE / "evaluation.json").read_text())
    CARD.write_text(f"{before}<!-- results -->\n\n{tables(results)}\n\n<!-- end of results -->{after}")
