"""Where data, training state and results live: outside the repository."""

import os
from pathlib import Path

ROOT = Path(os.environ.get("BUNDLED_MODEL_DATA", Path.home() / ".cache" / "uni-moe-bundled-model"))
NPM = ROOT / "data" / "npm" / "node_modules"
DATA = ROOT / "data"
STATE = ROOT / "state"
REFERENCE = ROOT / "reference"

for folder in (DATA, STATE, REFERENCE):
    folder.mkdir(parents=True, exist_ok=True)
