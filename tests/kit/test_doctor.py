from importlib import metadata

import pytest

from grader import client
from grader.verdict import Layer
from kit import doctor
from kit.doctor import Finding, examine


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No torch, no judge: what they would say."""
    monkeypatch.setattr(doctor, "DEVICE_QUESTION", "print('cuda:Some GPU')")
    monkeypatch.setattr(client, "sandbox_layers", lambda: [Layer("landlock", on=True), Layer("namespaces", on=False, why="only used on a server")])


def found(folder) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(folder)}


def test_everything_in_place(tmp_path):
    findings = found(tmp_path)
    assert [finding.name for finding in findings.values() if finding.required and not finding.fine] == []
    assert findings["devices"].facts == "cpu, cuda:Some GPU"
    assert findings["sandbox: landlock"].fine
    assert findings["sandbox: namespaces"].facts == "only used on a server"
    assert findings["workspace"].facts == str(tmp_path)


def test_without_torch(tmp_path, monkeypatch):
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert found(tmp_path)["PyTorch"] == Finding("PyTorch", fine=False, facts="not installed", remedy="Run: pip install torch")


def test_an_old_torch(tmp_path, monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda _name: "2.5.1+cu121")
    assert not found(tmp_path)["PyTorch"].fine


def test_a_torch_that_does_not_import(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "DEVICE_QUESTION", "raise ImportError('libc10.so')")
    devices = found(tmp_path)["devices"]
    assert (devices.fine, "libc10.so" in devices.facts) == (False, True)


def test_a_torch_that_does_not_answer(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "DEVICE_QUESTION", "while True: pass")
    monkeypatch.setattr(doctor, "PATIENCE", 0.1)
    assert not found(tmp_path)["devices"].fine


def test_a_judge_that_does_not_start(tmp_path, monkeypatch):
    def broken() -> list[Layer]:
        raise client.JudgeError("no module named grader")

    monkeypatch.setattr(client, "sandbox_layers", broken)
    sandbox = found(tmp_path)["sandbox"]
    assert (sandbox.required, sandbox.fine, "no module named grader" in sandbox.facts) == (True, False, True)


def test_a_folder_that_is_not_there_yet_counts_as_its_parent(tmp_path):
    assert found(tmp_path / "not" / "yet")["workspace"].fine
    (tmp_path / "file").write_text("")
    assert not found(tmp_path / "file")["workspace"].fine


def test_the_server_can_be_off(tmp_path, monkeypatch):
    monkeypatch.setenv("KIT_SERVER", "0")
    server = found(tmp_path)["warm server"]
    assert (server.fine, server.required) == (False, False)
