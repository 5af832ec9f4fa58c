"""The judge's interpreters see neither the current folder nor the variables of the one who calls."""

import subprocess

from grader.interpreter import can_fork, clean_environment, isolated_python


def test_nothing_of_the_environment_steers_the_judge(monkeypatch):
    for name in ("PYTEST_ADDOPTS", "PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD", "KIT_LANG", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "17")
    environment = clean_environment()
    assert not {"PYTEST_ADDOPTS", "PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD"} & set(environment)
    assert environment["OMP_NUM_THREADS"] == "1"


def test_a_file_beside_the_answer_shadows_nothing(tmp_path):
    (tmp_path / "random.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    (tmp_path / "grader.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    done = subprocess.run(isolated_python("layers", "local"), cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "rlimits" in done.stdout


def test_an_unknown_mode_is_refused():
    done = subprocess.run(isolated_python("nonsense"), env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "nonsense" in done.stderr


def test_forking_can_be_forbidden(monkeypatch):
    monkeypatch.setenv("KIT_WORKERS", "spawn")
    assert not can_fork()
