"""What can be opened as an executor, and the job that is made of an answer."""

import shutil

import pytest
from scene import MINI_BANK

from kit.bank import Bank
from kit.classroom.executor import job_for, open_executor, patience
from kit.errors import KitError


@pytest.mark.parametrize("name", ["", "remote", "ray", "http://127.0.0.1"])
def test_another_name_is_refused_with_the_names_that_there_are(bank, name):
    with pytest.raises(KitError, match=r"no place to grade.*Write local, or ray://HOST:PORT"):
        open_executor(name, bank=bank, sandbox="local")


@pytest.mark.parametrize("address", ["local", "head:", "head:port", "10.0.0.5", "head:6379/x"])
def test_an_address_without_a_port_is_told_with_its_form(bank, address):
    with pytest.raises(KitError, match=rf"{address} is no address of a cluster's head: --grade-on\. Write ray://HOST:PORT"):
        open_executor(f"ray://{address}", bank=bank, sandbox="local")


def test_a_student_edition_cannot_grade(tmp_path):
    root = tmp_path / "bank"
    shutil.copytree(MINI_BANK, root)
    (root / "exercises" / "bank.toml").write_text('format = 1\nedition = "student"\n', encoding="utf-8")
    with pytest.raises(KitError, match="student edition cannot grade"):
        open_executor("local", bank=Bank(root, cache=tmp_path / "cache"), sandbox="local")


def test_the_job_is_that_of_the_exercise_under_the_sandbox_of_the_classroom(bank):
    exercise = bank.exercise("softplus")
    job = job_for(exercise, "x = 1\n", sandbox="server", lang="zh")
    assert (job.slug, job.source, job.filename, job.policy, job.lang) == ("softplus", "x = 1\n", "softplus.py", "server", "zh")
    assert (job.forbid, job.seconds, job.device, job.seed, job.only) == (("softplus",), 30, "cpu", None, None)
    assert job.checks == str(exercise.checks)
    assert patience(job) > 4 * job.seconds


def test_a_device_that_the_exercise_does_not_know_is_refused(bank):
    with pytest.raises(KitError, match="does not run on cuda"):
        job_for(bank.exercise("double"), "", sandbox="local", device="cuda", lang="en")
