"""On a made-up tree: few machines that run tests let one divide a real one."""

import pytest

from grader.worker import cgroup
from grader.worker.cgroup import Groups


@pytest.fixture
def tree(tmp_path, monkeypatch):
    own = tmp_path / "mount" / "unit.scope"
    own.mkdir(parents=True)
    (own / "cgroup.controllers").write_text("cpu memory pids\n")
    (tmp_path / "cgroup").write_text("1:name=systemd:/x\n0::/unit.scope\n")
    monkeypatch.setattr(cgroup, "MOUNT", tmp_path / "mount")
    monkeypatch.setattr(cgroup, "OWN", tmp_path / "cgroup")
    return own


def test_the_server_steps_aside_and_divides_its_group(tree):
    assert cgroup.groups() == Groups(tree)
    assert (tree / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert [(folder / "cgroup.procs").read_text() for folder in tree.glob("kit-server-*")] == ["0"]


def test_a_worker_has_a_group_with_its_limits(tree):
    Groups(tree).enter(memory_bytes=1000, threads=7)
    (group,) = tree.glob("kit-worker-*")
    limits = {file.name: file.read_text() for file in group.iterdir()}
    assert limits == {"pids.max": "7", "memory.max": "1000", "memory.swap.max": "0", "cgroup.procs": "0"}


def test_ended_workers_are_swept_and_living_ones_are_not(tree):
    (tree / "kit-worker-ended").mkdir()
    (tree / "kit-worker-living").mkdir()
    (tree / "kit-worker-living" / "here").touch()  # a real one is busy instead
    Groups(tree).sweep()
    assert [folder.name for folder in tree.glob("kit-worker-*")] == ["kit-worker-living"]


@pytest.mark.parametrize("controllers", ["cpu", "hugetlb", "", None])
def test_without_the_controllers_there_is_a_reason(tree, controllers):
    (tree / "cgroup.controllers").unlink()
    if controllers is not None:
        (tree / "cgroup.controllers").write_text(controllers)
    assert "version 2" in cgroup.groups()


def test_without_any_group_there_is_a_reason(tree, monkeypatch):
    monkeypatch.setattr(cgroup, "OWN", tree / "nothing")
    assert "version 2" in cgroup.groups()


def test_a_group_that_is_not_ours_is_left_as_it_was(tree):
    (tree / "cgroup.subtree_control").mkdir()  # cannot be written, even by root
    (tree / "cgroup.procs").touch()
    assert "not ours" in cgroup.groups()
    assert (tree / "cgroup.procs").read_text() == "0"
