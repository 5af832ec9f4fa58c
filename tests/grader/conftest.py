"""A judge of the tests' own: its server lives in a temporary folder and ends with the session."""

import textwrap

import pytest

from grader import client
from grader.verdict import Job


@pytest.fixture(scope="session")
def runtime_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        patch.delenv("KIT_SERVER", raising=False)
        patch.delenv("KIT_WORKERS", raising=False)
        yield folder
        client.stop_server()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A place where no server runs yet; one that was started there ends with the test."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("KIT_SERVER", raising=False)
    yield tmp_path
    client.stop_server()


@pytest.fixture
def make_job(tmp_path):
    def make(source, checks, *, solution=None, mistakes=None, **options):
        files = {"test_it.py": checks, "solution.py": solution, "mistakes.toml": mistakes}
        for name, text in files.items():
            if text is not None:
                (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
        return Job(
            slug="it", source=textwrap.dedent(source), filename="it.py", checks=str(tmp_path / "test_it.py"),
            solution=str(tmp_path / "solution.py") if solution is not None else None,
            mistakes=str(tmp_path / "mistakes.toml") if mistakes is not None else None, **options,
        )  # fmt: skip

    return make


@pytest.fixture
def judge(runtime_folder, make_job):
    def run(source, checks, *, server=True, **options):
        return client.judge(make_job(source, checks, **options), server=server)

    return run


@pytest.fixture
def outcome(judge):
    """The verdict as {check: status or kind of failure}."""

    def run(source, checks, **options):
        verdict = judge(source, checks, **options)
        if verdict.load is not None:
            return verdict.load.kind
        return {check.name: check.failure.kind if check.failure else check.status for check in verdict.checks}

    return run
