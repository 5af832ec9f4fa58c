"""The real `kit grade` on files that are none, and among files that would steer a judge."""

import json
import os
import stat
from pathlib import Path

import pytest
from cheat import HONEST
from court import LIVE, SECRET, Court, kit

WRONG = HONEST + "\n\ndef softmax(x):\n    return x\n"
EVIL = "import os\nos.write(2, b'evil was here')\nos._exit(0)\n"
USAGE = 2


@pytest.fixture
def workspace(court: Court, tmp_path: Path) -> Path:
    folder = tmp_path / "small-parts"
    folder.mkdir()
    return folder


def answer(workspace: Path, content: bytes | str = HONEST) -> Path:
    path = workspace / "small_parts.py"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(("content", "status"), [(HONEST, 0), (WRONG, 1)], ids=["right", "wrong"])
@pytest.mark.parametrize("module", [False, True], ids=["kit", "python -m kit"])
def test_files_that_would_steer_the_judge(workspace: Path, content: str, status: int, module: bool) -> None:
    answer(workspace, content)
    (workspace / "conftest.py").write_text("def pytest_runtest_makereport(item, call):\n    import os\n    os._exit(0)\n" + EVIL)
    for name in ("sitecustomize", "usercustomize", "torch", "numpy", "pytest", "sklearn", "msgspec", "rich", "typer"):
        (workspace / f"{name}.py").write_text(EVIL)
    if not module:  # the current folder is on the path of `python -m` before a line of ours runs
        for name in ("random", "socket", "struct", "json", "kit", "grader"):
            (workspace / f"{name}.py").write_text(EVIL)
    for name in ("pytest.ini", "tox.ini", "setup.cfg"):
        (workspace / name).write_text("[pytest]\naddopts = --collect-only\npython_files = nothing\n[tool:pytest]\naddopts = --collect-only\n")
    (workspace / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "--collect-only"\n')
    environment = {"PYTEST_ADDOPTS": "--collect-only", "PYTEST_PLUGINS": "conftest", "PYTHONDONTWRITEBYTECODE": "1"}
    for more in ((), ("--no-server",)):
        done = kit("grade", "small_parts.py", *more, cwd=workspace, module=module, **environment)
        assert done.returncode == status, done.stdout + done.stderr
        assert "evil" not in done.stdout + done.stderr


def test_a_path_for_python_that_is_the_learners(workspace: Path) -> None:
    answer(workspace, WRONG)
    (workspace / "torch.py").write_text(EVIL)
    (workspace / "pytest.py").write_text(EVIL)
    done = kit("grade", "small_parts.py", cwd=workspace, PYTHONPATH=str(workspace))
    assert (done.returncode, "evil" in done.stderr) == (1, False), done.stdout + done.stderr


def refused(workspace: Path, says: str) -> None:
    """kit grade ends with status 2 and one line."""
    done = kit("grade", "small_parts.py", cwd=workspace)
    assert done.returncode == USAGE, done.stdout + done.stderr
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert SECRET not in done.stdout + done.stderr


def test_a_link(court: Court, workspace: Path) -> None:
    (workspace / "small_parts.py").symlink_to(court.solution)
    refused(workspace, "is a link")


def test_a_link_to_nothing(workspace: Path) -> None:
    (workspace / "small_parts.py").symlink_to("/nowhere")
    refused(workspace, "is a link")


def test_a_folder(workspace: Path) -> None:
    (workspace / "small_parts.py").mkdir()
    refused(workspace, "is a folder")


def test_a_pipe(workspace: Path) -> None:
    os.mkfifo(workspace / "small_parts.py")
    refused(workspace, "no ordinary file")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_without_end(workspace: Path) -> None:
    try:
        os.mknod(workspace / "small_parts.py", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("no devices here")
    refused(workspace, "answer")


def test_50_megabytes(workspace: Path) -> None:
    answer(workspace, "x = 1\n" * 9_000_000)
    refused(workspace, "larger than 200 KB")


def test_a_null_byte(workspace: Path) -> None:
    answer(workspace, HONEST.encode() + b"\n\nx = 1\0")
    refused(workspace, "NUL byte")


def test_latin_1(workspace: Path) -> None:
    answer(workspace, HONEST.encode() + "\n# é".encode("latin-1"))
    refused(workspace, "not UTF-8")


def test_utf_16(workspace: Path) -> None:
    answer(workspace, HONEST.encode("utf-16"))
    refused(workspace, "NUL byte")


def test_nothing(workspace: Path) -> None:
    refused(workspace, "no answer yet")


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf" + HONEST.encode(), HONEST.replace("\n", "\r\n").encode(), HONEST.replace("\n", "\r").encode(), HONEST.rstrip().encode()],
    ids=["byte order mark", "CRLF", "CR", "no last line end"],
)
def test_other_editors(workspace: Path, content: bytes) -> None:
    answer(workspace, content)
    done = kit("grade", "small_parts.py", cwd=workspace)
    assert done.returncode == 0, done.stdout + done.stderr


MESSAGES = {
    "escapes": r"\x1b[2J\x1b]0;owned\x07\x9b31m\r\x08\u202edessap\u2066",
    "markup": "[bold]passed[/bold] [/nothing] [link=file:///etc/passwd]x[/link] [red",
    "templates": "{x} %s %(x)s {0.__class__}",
    "half a character": r"\ud800",
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_messages_on_the_screen(workspace: Path, message: str) -> None:
    code = f"\n\ndef softmax(x):\n    print('{message}')\n    raise ValueError('{message}')  # \x1b[2J \u202e\n"
    answer(workspace, HONEST + code)
    report = workspace / "report.xml"
    shown = kit("grade", "small_parts.py", "--junit", str(report), cwd=workspace)
    assert shown.returncode == 1, shown.stdout + shown.stderr
    assert "ValueError" in shown.stdout
    as_json = kit("grade", "small_parts.py", "--json", cwd=workspace)
    assert json.loads(as_json.stdout)["passed"] is False
    for text in (shown.stdout, shown.stderr, as_json.stdout, as_json.stderr, report.read_text(encoding="utf-8")):
        found = LIVE.search(text)
        assert found is None, text[max(0, found.start() - 40) : found.start() + 20]
        assert SECRET not in text
