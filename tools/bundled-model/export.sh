#!/bin/sh
# Exports the reference folders of $BUNDLED_MODEL_DATA to checkpoints/bundled; card, credits, examples and the picture of the experts stay.
set -eu
cd "$(dirname "$0")/../.."
reference="$BUNDLED_MODEL_DATA/reference"
out=checkpoints/bundled
kept=$(mktemp -d)
for file in MODEL_CARD.md CREDITS.md experts.svg examples; do [ ! -e "$out/$file" ] || mv "$out/$file" "$kept/"; done
adapters=""
for folder in "$reference"/adapters/*/; do [ ! -d "$folder" ] || adapters="$adapters --adapter ${folder%/}"; done
# shellcheck disable=SC2086 # one word per adapter
npx tsx --conditions @uni-moe-web/source packages/export/src/cli.ts \
  --base "$reference/base" --finetuned "$reference/finetuned" --vision "$reference/clip" --audio "$reference/whisper" \
  --out "$out" --quant q4 --merge-lora --overwrite $adapters \
  --description "A small model trained by this project: it names pictures, drawn shapes, spoken words and sounds. See MODEL_CARD.md." || status=$?
for file in MODEL_CARD.md CREDITS.md experts.svg examples; do [ ! -e "$kept/$file" ] || mv "$kept/$file" "$out/"; done
rmdir "$kept"
exit "${status:-0}"
