"""All cheats, by theme. A new one is a new line in one of these files; a new theme is a new file with a tuple CHEATS."""

from importlib import import_module
from pathlib import Path

from cheat import Cheat

CHEATS: list[Cheat] = []
for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    CHEATS += import_module(f"cheats.{path.stem}").CHEATS
