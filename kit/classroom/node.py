"""A node of a cluster, as far as it judges: what runs there as an actor, for the classroom's server elsewhere."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from pathlib import Path

import msgspec
from msgspec import structs

from grader import client
from grader.server import Reply
from grader.text import _
from grader.verdict import Job, Policy, decode_job
from kit.bank import Bank, find_root
from kit.classroom.executor import NODE, Infrastructure
from kit.classroom.local import LocalExecutor, refuse_incomplete
from kit.classroom.versions import bank_version
from kit.errors import KitError

__all__ = ["Judge"]


class Judge:
    """The actor. It believes in the bank of its own machine only, and speaks bytes: JSON in, JSON out."""

    def __init__(self, sandbox: Policy, jobs: int, *, gpu: bool, token: str) -> None:
        """token: random; when this process is killed, the one that Ray starts in its place finds the warm server by it."""
        self._folder = Path(tempfile.gettempdir(), f"kit-{token}")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(self._folder)  # a server of its own: it must see the GPU that Ray gave to this actor, and no other
        self._sandbox: Policy = sandbox
        self._local = LocalExecutor(sandbox, jobs=jobs, gpu=gpu)

    def ready(self) -> tuple[str, str]:
        """The machine's name, and why it cannot judge, "" when it can."""
        try:
            refuse_incomplete(self._sandbox)
        except KitError as error:
            return platform.node(), str(error)
        self._local.warm()
        return platform.node(), ""

    def grade(self, work: bytes, version: str) -> bytes:
        """Judge, or time, by this node's bank, which must be of that version: a grader.server.Reply."""
        here = {NODE: platform.node()}
        try:
            job = _by_our_bank(decode_job(work), version)
            if job.speed is not None:
                speed = self._local.measure(job)
                reply = Reply(speed=structs.replace(speed, versions=speed.versions | here))
            else:
                verdict = self._local.grade(job)
                reply = Reply(verdict=structs.replace(verdict, versions=verdict.versions | here))
        except (Infrastructure, KitError) as error:
            reply = Reply(failed=f"{platform.node()}: {error}")
        return msgspec.json.encode(reply)

    def close(self) -> None:
        """End the warm server."""
        self._local.close()
        client.stop_server(self._sandbox)
        shutil.rmtree(self._folder, ignore_errors=True)


def _by_our_bank(job: Job, version: str) -> Job:
    """The same job with the files of this machine. Raises KitError when its bank is another one."""
    exercise = Bank(find_root(os.environ)).exercise(job.slug)
    if bank_version(exercise) != version:
        remedy = _("Install the same edition on every node, or set KIT_BANK there.")
        raise KitError(_("this node has another version of {slug} than the classroom").format(slug=job.slug), exercise.bank, remedy)
    ours = {"checks": exercise.checks, "solution": exercise.solution, "mistakes": exercise.mistakes, "speed": exercise.speed}
    return structs.replace(job, **{name: str(path) for name, path in ours.items() if getattr(job, name) is not None})
