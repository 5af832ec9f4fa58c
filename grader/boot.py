"""The judge's processes begin here, in an isolated interpreter: serve (warm), once (cold), worker (spawned)."""

from __future__ import annotations

import gc
import os
import socket
import sys
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from grader.verdict import Job, Policy
    from grader.workers import Workers

gc.disable()  # while hundreds of modules are imported; the modes below turn it on again


def main() -> None:
    """Run the mode that the command line names."""
    mode, *arguments = sys.argv[1:]
    match mode:
        case "serve":
            serve(arguments[0], "server" if arguments[1] == "server" else "local")
        case "once":
            once("server" if arguments[0] == "server" else "local")
        case "worker":
            worker(arguments[0])
        case "layers":
            layers("server" if arguments[0] == "server" else "local")
        case _:
            sys.exit(f"grader.boot: no mode {mode!r}")


def serve(path: str, policy: Policy) -> None:
    """The warm server. It listens before it imports torch, so that the first job can be on its way already."""
    from grader.server import Server, listen  # noqa: PLC0415 - every mode imports its own

    enter_namespace(policy)
    listener = listen(path)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    log = os.open(path + ".log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    control, zygote = fork_zygote(policy, keep=())
    Server(listener, control, zygote, path).loop()


def once(policy: Policy) -> None:
    """One job from standard input, its verdict to standard output."""
    from grader.verdict import decode_job  # noqa: PLC0415 - every mode imports its own

    replies: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not end up in the verdict
    forked = forked_workers(policy)  # before the job is read: a fork would carry the bank's paths and the seed in its memory
    job = decode_job(sys.stdin.buffer.read())
    workers = forked or spawned_workers(job)
    gc.enable()
    from grader.server import reply_to  # noqa: PLC0415 - after torch is on its way

    replies.write(reply_to(job, workers))
    replies.close()
    sys.stdout.flush()
    os._exit(0)  # without the slow good-bye of torch's libraries


def forked_workers(policy: Policy) -> Workers | None:
    """Workers forked from this process, where that is possible."""
    from grader.interpreter import can_fork  # noqa: PLC0415 - every mode imports its own

    if not can_fork():
        return None
    enter_namespace(policy)
    control, _zygote = fork_zygote(policy, keep=())
    from grader.workers import ForkedWorkers  # noqa: PLC0415 - imports torch

    return ForkedWorkers(control)


def spawned_workers(job: Job) -> Workers:
    """Workers that are processes of their own: the first is on its way while we import torch ourselves."""
    from grader.workers import SpawnedWorkers  # noqa: PLC0415 - imports torch

    spawned = SpawnedWorkers()
    spawned.prepare(job)
    return spawned


def worker(settings: str) -> None:
    """A spawned worker."""
    import json  # noqa: PLC0415 - every mode imports its own

    from grader.zygote import spawned_worker  # noqa: PLC0415 - imports torch

    gc.enable()
    spawned_worker(json.loads(settings))


def layers(policy: Policy) -> None:
    """What the sandbox can do on this machine, as JSON."""
    import msgspec  # noqa: PLC0415 - every mode imports its own

    from grader.worker.sandbox import probe  # noqa: PLC0415 - every mode imports its own

    sys.stdout.write(msgspec.json.encode(probe(policy)).decode())


def enter_namespace(policy: Policy) -> None:
    """The server policy gives every worker a PID namespace; an ordinary user needs a user namespace for that, before any thread exists."""
    if policy == "server":
        from grader.worker.sandbox import enter_server_namespace  # noqa: PLC0415 - every mode imports its own

        enter_server_namespace()


def fork_zygote(policy: Policy, keep: tuple[int, ...]) -> tuple[socket.socket, int]:
    """Import what workers need, fork the process that they come from; our end of its control socket, and its process number."""
    import grader.zygote  # noqa: PLC0415 - imports torch

    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        try:
            kept = sorted({0, 1, 2, theirs.fileno(), *keep})
            for low, high in zip(kept, [*kept[1:], 4096], strict=True):
                os.closerange(low + 1, high)
            gc.enable()
            grader.zygote.loop(theirs, policy)
        except BaseException as error:  # noqa: BLE001 - said on standard error, the log of the server
            sys.stderr.write(f"zygote: {error!r}\n")
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    theirs.close()
    return ours, pid
