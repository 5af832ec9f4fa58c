"""How long the quick commands take with a bank of 104 exercises, as a ratio to `python -c pass`: python tests/benchmarks/start.py."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

ROUNDS = 15
BOUND = 25
MINI_BANK = Path(__file__).parents[1] / "end_to_end" / "mini_bank"
KIT = Path(sys.executable).with_name("kit")
COMMANDS = ("next", "list", "show exercise-3", "hint exercise-3", "status", "config lang")


def make_bank(root: Path, size: int = 104) -> None:
    """A bank of so many exercises in thirteen tracks, each after the one before it."""
    source = MINI_BANK / "exercises" / "warm-up"
    (root / "exercises").mkdir(parents=True)
    (root / "exercises" / "bank.toml").write_text('format = 1\nedition = "student"\n', encoding="utf-8")
    for number in range(size):
        track = root / "exercises" / f"track-{number % 13}"
        shutil.copytree(source / "softplus", track / f"exercise-{number}")
        shutil.copy(source / "track.toml", track)
        toml = track / f"exercise-{number}" / "exercise.toml"
        before = f'after = ["exercise-{number - 1}"]' if number else "after = []"
        toml.write_text(toml.read_text(encoding="utf-8").replace('after = ["double"]', before), encoding="utf-8")


def seconds(command: list[str], folder: Path, env: dict[str, str]) -> float:
    """The wall time of one run."""
    begun = perf_counter()
    subprocess.run(command, cwd=folder, env=env, capture_output=True, check=True)
    return perf_counter() - begun


def main() -> int:
    """Print the ratios; 1 when one is above the bound."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_bank(folder / "bank")
        env = os.environ | {"KIT_BANK": str(folder / "bank"), "XDG_CACHE_HOME": name, "XDG_CONFIG_HOME": name, "HOME": name, "KIT_LANG": "en"}
        (folder / "work").mkdir()
        first = seconds([str(KIT), "next"], folder / "work", env)
        plain: list[float] = []
        runs: dict[str, list[float]] = {command: [] for command in COMMANDS}
        for _ in range(ROUNDS):
            for command, times in runs.items():
                plain.append(seconds([sys.executable, "-c", "pass"], folder, env))
                times.append(seconds([str(KIT), *command.split()], folder / "work", env))
    base = median(plain)
    print(f"python -c pass        {base * 1000:6.0f} ms   104 exercises, median of {ROUNDS} rounds")
    print(f"kit next, no index    {first * 1000:6.0f} ms   {first / base:5.1f} x   (once, after a change of the bank)")
    for command, times in runs.items():
        print(f"kit {command:<17} {median(times) * 1000:6.0f} ms   {median(times) / base:5.1f} x   (at most {BOUND})")
    return int(any(median(times) > BOUND * base for times in runs.values()))


if __name__ == "__main__":
    sys.exit(main())
