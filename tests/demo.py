"""The kit at work, for `make demo`: an exercise is fetched and graded three times, as starter, with a known mistake, and as solution.

Exit status 0 when each report ended as it should.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from difflib import unified_diff
from pathlib import Path

from grader import mistakes
from grader.client import stop_server
from kit import config, language

ROOT = Path(__file__).resolve().parents[1]
KIT = Path(sys.executable).with_name("kit")
SLUG, TRACK, MISTAKE = "conv2d", "convolution", "same-odd-zero-first"
NOT_PASSED, PASSED = 1, 0


def right(slug: str, track: str) -> str:
    """The source of the model answer."""
    return (ROOT / "solutions" / track / slug / "solution.py").read_text(encoding="utf-8")


def wrong(slug: str, track: str, name: str) -> str:
    """The same with one of the mistakes that the exercise knows."""
    known = {mistake.name: mistake for mistake in mistakes.load(ROOT / "solutions" / track / slug / "mistakes.toml")}
    return mistakes.apply(right(slug, track), known[name])


def say(en: str, zh: str) -> None:
    """A line of the narrator, in the language that the kit speaks here."""
    lang = language.decide(None, os.environ, config.load().lang)
    print(f"\n# {zh if lang == 'zh' else en}", flush=True)


def run(*command: str, expect: int) -> bool:
    """Run it in sight, as a person would type it; whether it ended as expected."""
    print(f"$ {shlex.join(command)}", flush=True)
    status = subprocess.run([KIT, *command[1:]], check=False).returncode
    print(f"# exit status {status}", flush=True)
    if status != expect:
        print(f"error: {shlex.join(command)}: exit status {status}, not {expect}. Run: kit doctor", file=sys.stderr)
    return status == expect


def show_edit(before: str, after: str) -> None:
    """The lines that the mistake changes."""
    for line in unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""):
        if line[:3] not in {"---", "+++"} and line[:2] != "@@":
            print(f"    {line}")


def main() -> int:
    """Fetch, grade three times; 0 when all four commands ended as they should."""
    with tempfile.TemporaryDirectory(prefix="kit-demo-") as name:
        os.chdir(name)
        os.environ["XDG_RUNTIME_DIR"] = name  # a warm server of the demo's own, which ends with it
        answer = Path(SLUG, f"{SLUG.replace('-', '_')}.py")
        solution, mistaken = right(SLUG, TRACK), wrong(SLUG, TRACK, MISTAKE)
        try:
            say("A learner fetches an exercise into an empty folder.", "学习者在空文件夹里取一道题。")
            fine = run("kit", "fetch", SLUG, expect=PASSED)
            say("Nothing is written yet: not passed.", "还没有动手写：不通过。")
            fine &= run("kit", "grade", SLUG, expect=NOT_PASSED)
            say("An answer with one mistake: the verdict names it.", "答案里有一处错误：评判结果会指出是哪一处。")
            show_edit(solution, mistaken)
            answer.write_text(mistaken, encoding="utf-8")
            fine &= run("kit", "grade", SLUG, expect=NOT_PASSED)
            say("The right answer: passed.", "正确的答案：通过。")
            answer.write_text(solution, encoding="utf-8")
            fine &= run("kit", "grade", SLUG, expect=PASSED)
        finally:
            stop_server()
            os.chdir(ROOT)
    if fine:
        say("All as it should be. Your turn, in a folder of your own: see README.md", "一切正常。轮到你了：换一个自己的文件夹，参见 README.zh.md")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
