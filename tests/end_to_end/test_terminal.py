"""The same in a pseudo-terminal, where there is colour, and in Chinese."""

import os
import re
import signal
import subprocess

import pytest
from person import KIT, MINI_BANK, Learner

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminal there")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
RIGHT = "def double(x):\n    return 2 * x\n"


def test_colour_in_a_terminal_and_none_elsewhere(learner: Learner):
    learner.kit("next")
    coloured = learner.terminal("grade", "--seed", "1").out
    assert "\x1b[" in coloured
    for plain in (
        learner.kit("grade", "--seed", "1").out,
        learner.terminal("grade", "--seed", "1", NO_COLOR="1").out,
        learner.terminal("grade", "--seed", "1", TERM="dumb").out,
    ):
        assert "\x1b" not in plain
        assert "0 of 3 checks passed" in plain


def test_lines_end_where_the_terminal_does(learner: Learner):
    learner.kit("next")
    learner.write("double", "def double(x):\n    return x * x\n")
    shown = ESCAPE.sub("", learner.terminal("grade").out).replace("\r", "")
    assert max(map(len, shown.split("\n"))) <= 80
    assert re.search(r"^✗ values +seed \d+$", shown, re.MULTILINE)


def test_a_statement_is_rendered(learner: Learner):
    shown = learner.terminal("show", "softplus").out
    assert "log(1 + eˣ)" in ESCAPE.sub("", shown)
    assert "# Softplus" not in shown


def test_grading_all_has_a_bar_in_a_terminal_only(learner: Learner):
    learner.kit("fetch", "double")
    learner.kit("fetch", "softplus")
    assert "━" in learner.terminal("grade", "--all").out
    run = learner.kit("grade", "--all")
    assert "━" not in run.out + run.err


@pytest.mark.parametrize(("typed", "shown"), [("y\n", True), ("\n", False), ("n\n", False)])
def test_the_solution_asks_in_a_terminal(learner: Learner, typed: str, shown: bool):
    learner.kit("next")
    run = learner.terminal("solution", typed=typed)
    assert run.status == 0
    assert "[y/N]" in run.out
    assert ("What a strong candidate says" in run.out) == shown
    assert f"{int(shown)} solution" in learner.kit("status").out


def test_interrupted_is_one_line_and_130(learner: Learner):
    learner.kit("next")
    learner.write("double", "while True:\n    pass\n")
    env = learner.env | {"PYTHONPROFILEIMPORTTIME": "1"}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background of a shell is born deaf to it
    process = subprocess.Popen([KIT, "grade"], cwd=learner.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    signal.signal(signal.SIGINT, before)
    for line in process.stderr:
        if line.rstrip().endswith(b" kit.screen.report"):  # the job was sent off before this was imported
            break
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    said = [line for line in err.decode().splitlines() if not line.startswith("import time")]
    assert (process.returncode, out, said) == (130, b"", ["interrupted"])


def test_the_whole_day_in_chinese(learner: Learner):
    zh = Learner(learner.folder, learner.env | {"LANG": "zh_CN.UTF-8"})
    fetched = zh.kit("next")
    assert "翻倍" in fetched.out
    assert (zh.folder / "double" / "README.md").read_text() == (MINI_BANK / "exercises/warm-up/double/README.zh.md").read_text()
    assert "轮到你了" in zh.kit("grade").out
    zh.write("double", "def double(x):\n    return x * x\n")
    wrong = zh.kit("grade", "--seed", "7").out
    for said in ("✗ 数值", "种子 7", "诊断：你把 x 平方了。", "重试：kit grade double --check values --seed 7", "3 项检查通过了 1 项"):
        assert said in wrong
    zh.write("double", RIGHT)
    assert "下一道" in zh.kit("grade").err
    assert "提示" in zh.kit("hint").err
    assert "优秀的回答" in zh.kit("solution", "double").out
    assert "没有名为 duble 的练习。是不是想写 double？" in zh.kit("grade", "duble").err
    assert "用法" in zh.kit("grade", "-h").out
    assert "已通过" in ESCAPE.sub("", zh.terminal("list").out)


def test_what_decides_the_language(learner: Learner):
    zh = "热身"
    assert zh in learner.kit("status", "--lang", "zh").out
    assert zh in learner.kit("--lang=zh", "status").out
    assert zh in learner.kit("status", KIT_LANG="zh").out
    assert learner.kit("config", "lang", "zh").out == "现在使用中文界面。\n"
    assert zh in learner.kit("status").out
    assert zh not in learner.kit("status", "--lang", "en").out
    assert learner.kit("config", "lang").out == "zh\n"


def every_command() -> list[list[str]]:
    return [[], *([name] for name in ("next", "fetch", "list", "show", "grade", "hint", "solution", "reset", "status", "doctor", "config", "author")),
            ["config", "lang"], *(["author", name] for name in ("new", "check", "sync", "mutate"))]  # fmt: skip


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_every_command_has_a_page_in_both_languages(learner: Learner, command: list[str]):
    english, chinese = (learner.kit(*command, "-h", "--lang", lang) for lang in ("en", "zh"))
    assert english.status == chinese.status == 0
    assert english.out.startswith(f"Usage: {' '.join(['kit', *command])} [OPTIONS]")
    assert not re.search(r"[\u4e00-\u9fff]", english.out)
    assert "\n\n\n" not in english.out
    rows = [line for line in chinese.out.splitlines() if line.startswith("  ") and len(line.split("  ", 2)) == 3]
    assert rows
    assert [line for line in rows if not re.search(r"[\u4e00-\u9fff]", line)] == []


def test_completion_knows_exercises(learner: Learner):
    env = {"_KIT_COMPLETE": "complete_bash", "COMP_WORDS": "kit grade do", "COMP_CWORD": "2"}
    assert learner.kit(**env).out.split() == ["double"]
