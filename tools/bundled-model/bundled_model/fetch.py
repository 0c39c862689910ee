"""Packages that the data comes from, by name and version, into DATA/npm; says which Debian packages are missing."""

import json
import shutil
import subprocess
from pathlib import Path

from .paths import NPM
from .sounds import HELD_OUT_FONT, SOUND_FONT

PACKAGES = {
    "@iconify-json/twemoji": "1.2.5", "@iconify-json/noto": "1.2.9", "@iconify-json/fluent-emoji-flat": "1.2.6", "fluentui-emoji": "1.3.0",
    "@iconify-json/emojione": "1.2.3", "@iconify-json/fxemoji": "1.2.2", "@iconify-json/streamline-emojis": "1.2.4",
    "@iconify-json/emojione-monotone": "1.2.1", "@iconify-json/game-icons": "1.2.4", "@iconify-json/mdi": "1.2.3", "@iconify-json/tabler": "1.2.41", "@iconify-json/ph": "1.2.2",
    "@iconify-json/lucide": "1.2.137", "@iconify-json/icon-park-outline": "1.2.4", "@iconify-json/fa6-solid": "1.2.4",
    "unicode-emoji-json": "0.9.0", "emojibase-data": "17.0.0", "@resvg/resvg-js": "2.6.2",
}
#: program or file -> Debian package
DEBIAN = {"espeak-ng": "espeak-ng", "flite": "flite", "festival": "festival", "/usr/share/festival/voices/english/ked_diphone": "festvox-kdlpc16k", "/usr/share/festival/voices/english/kal_diphone": "festvox-kallpc16k",
          "fluidsynth": "fluidsynth", SOUND_FONT: "musescore-general-soundfont-small", HELD_OUT_FONT: "fluid-soundfont-gm"}


def fetch() -> None:
    folder = NPM.parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": PACKAGES}))
    subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=folder, check=True)
    missing = sorted({package for name, package in DEBIAN.items() if not (shutil.which(name) or Path(name).exists())})
    if missing:
        raise SystemExit(f"install the Debian packages {' '.join(missing)}, then run this stage again")
