"""What README.md and README.zh.md show is what the kit does. `python tests/documents.py` writes it there anew; test_documents.py holds it.

- A ```console block is a session: each line after `$ ` is run in one folder for the whole document, what follows is its output. Before a
  block, `<!-- conv2d: same-odd-zero-first -->` makes that mistake the learner's answer, and `<!-- conv2d: solution -->` the solution.
- Between `<!-- exercises -->` and `<!-- end -->` stands the table of the bank.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from demo import right, wrong

from kit.bank import Bank

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = {"README.md": "en", "README.zh.md": "zh"}
CONSOLE = re.compile(r"(?:<!-- (?P<slug>[a-z0-9-]+): (?P<name>[a-z0-9-]+) -->\n+)?```console\n(?P<shown>.*?)```", re.DOTALL)
TABLE = re.compile(r"(?<=<!-- exercises -->\n).*?(?=<!-- end -->)", re.DOTALL)
HEAD = {"en": "| track | exercise | level |", "zh": "| 专题 | 练习 | 难度 |"}


def played(text: str, lang: str, home: Path) -> str:
    """The document as it would be if it were written now; home is an empty folder."""
    bank = Bank(ROOT, cache=home)
    folder = home / "practice"
    folder.mkdir()
    env = {"PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])), "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    env |= {"LANG": "C.UTF-8", "KIT_LANG": lang, "COLUMNS": "80", "PYTHONUNBUFFERED": "1"}

    def session(match: re.Match[str]) -> str:
        if match["slug"]:
            exercise = bank.exercise(match["slug"])
            source = right(exercise.slug, exercise.track) if match["name"] == "solution" else wrong(exercise.slug, exercise.track, match["name"])
            (folder / exercise.slug / f"{exercise.module}.py").write_text(source, encoding="utf-8")
        commands = [line for line in match["shown"].splitlines() if line.startswith("$ ")]
        shown = "\n".join(command + "\n" + spoken(command[2:], folder, env) for command in commands)
        return match[0].replace(match["shown"], shown)

    try:
        return TABLE.sub(lambda _: table(bank, lang), CONSOLE.sub(session, text))
    finally:
        spoken('python -c "from grader.client import stop_server; stop_server()"', folder, env)


def spoken(command: str, folder: Path, env: dict[str, str]) -> str:
    """Both streams of a command, in the order in which they were written."""
    done = subprocess.run(
        command, shell=True, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False
    )  # fmt: skip
    return done.stdout.decode()


def table(bank: Bank, lang: str) -> str:
    """Every exercise of the bank, track by track, in the order in which they are best learnt."""
    rows = [
        f"| {track.title.say(lang)} | {exercise.title.say(lang)} (`{exercise.slug}`) | {exercise.level} |"
        for track in bank.index.tracks
        for exercise in bank.exercises
        if exercise.track == track.slug
    ]
    return "\n".join((HEAD[lang], "|---|---|---|", *rows, ""))


if __name__ == "__main__":
    for name, lang in DOCUMENTS.items():
        with tempfile.TemporaryDirectory() as home:
            path = ROOT / name
            path.write_text(played(path.read_text(encoding="utf-8"), lang, Path(home)), encoding="utf-8")
