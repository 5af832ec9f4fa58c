"""The process that workers are forked from: torch imported, nothing computed, no checks, no solutions, no secrets in its memory."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import tempfile
from typing import Any, NoReturn

import numpy as np
import torch
import torch.nn.functional

from grader.packing import Packer
from grader.text import use_language
from grader.verdict import Policy
from grader.worker import rules
from grader.worker.main import redirect_output, serve
from grader.worker.sandbox import Sandbox, readable_paths
from grader.workers import exit_name

FAILED_TO_START = 71


def loop(control: socket.socket, policy: Policy) -> None:
    """Fork a worker for each message on control, kill it when its lifeline is hung up, until control is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.backends.cpu.get_cpu_capability()  # reads /proc/cpuinfo now: in the sandbox it could not, and would choose slow generic kernels
    importlib.import_module("numpy.random")  # NumPy imports it late, and a worker would do so in every fork
    rules.warm()
    sandbox = Sandbox.prepare(policy, readable=readable_paths())
    gc.collect()
    gc.freeze()
    lifelines: dict[int, tuple[socket.socket, int]] = {}  # by pidfd: the lifeline and the worker's pid
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        events = poll.poll()
        for fd, _event in events:
            if fd == control.fileno():
                message, fds, _flags, _address = socket.recv_fds(control, 1 << 16, 3)
                if not message:
                    return
                settings = json.loads(message)
                if settings["compiler"]:
                    import_compiler()
                _fork(sandbox, settings, fds, lifelines, poll)
            else:
                _reap(fd, lifelines, poll)
                sandbox.sweep()


def _fork(sandbox: Sandbox, settings: dict[str, Any], fds: list[int], lifelines: dict[int, tuple[socket.socket, int]], poll: select.poll) -> None:
    connection, output, lifeline_fd = fds
    pid = sandbox.fork()
    if pid == 0:
        become_worker(sandbox, settings, connection, output)
    os.close(connection)
    os.close(output)
    lifeline = socket.socket(fileno=lifeline_fd)
    pidfd = os.pidfd_open(pid)
    lifelines[pidfd] = (lifeline, pid)
    poll.register(pidfd, select.POLLIN)
    poll.register(lifeline, select.POLLIN)


def _reap(fd: int, lifelines: dict[int, tuple[socket.socket, int]], poll: select.poll) -> None:
    """A worker has ended, or its judge has hung up: either way it is dead afterwards, and the judge is told how it ended."""
    found = next(((pidfd, line, pid) for pidfd, (line, pid) in lifelines.items() if fd in {pidfd, line.fileno()}), None)
    if found is None:
        return
    pidfd, lifeline, pid = found
    if fd != pidfd:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    _pid, status = os.waitpid(pid, 0)
    poll.unregister(pidfd)
    poll.unregister(lifeline)
    del lifelines[pidfd]
    os.close(pidfd)
    with contextlib.suppress(OSError):
        lifeline.sendall(exit_name(os.waitstatus_to_exitcode(status)).encode())
    lifeline.close()


def import_compiler() -> None:
    """Import what the first optimiser of a process, or its first tensor without data, would import for two seconds: once, not in each worker."""
    if "torch._dynamo" not in sys.modules:
        importlib.import_module("torch._dynamo")
        gc.collect()
        gc.freeze()


def become_worker(sandbox: Sandbox, settings: dict[str, Any], connection: int, output: int) -> NoReturn:
    """Turn this process into a worker, serve until the judge hangs up, and end."""
    status = FAILED_TO_START
    try:
        redirect_output(output)
        _work(sandbox, settings, connection)
        status = 0
    except BaseException as error:  # noqa: BLE001 - the judge reads it from the worker's output
        print(f"{type(error).__name__}: {error}", flush=True)
    finally:
        os._exit(status)


def _work(sandbox: Sandbox, settings: dict[str, Any], connection: int) -> None:
    keep = sorted({2, connection, *(fd for fd in (sandbox.rules, sandbox.own_pid_namespace) if fd is not None)})
    for low, high in zip(keep, [*keep[1:], 4096], strict=True):
        os.closerange(low + 1, high)
    os.environ.clear()
    os.chdir("/")
    tempfile.tempdir = "/"  # torch asks for a temporary folder when it imports its compiler; the search for one would fail, as nothing can be written
    use_language(settings["lang"])
    reseed()
    torch.set_num_threads(1)
    core = settings["core"]
    if core is not None:
        os.sched_setaffinity(0, {core})  # threads that the answer may start stay there too: the sandbox refuses to change it
    guard = rules.Guard(settings["forbid"])
    guard.block_dotted()
    device, memory = settings["device"], settings["memory_mb"] << 20
    if device == "cuda":
        sandbox.isolate()  # the driver starts threads, and namespaces must come before them
        start_cuda()  # the driver opens its devices now: in the sandbox it could not
        memory = None  # unified addressing maps the whole GPU: a limit on mappings would refuse the context
    layers = sandbox.enter(memory_bytes=memory, cpu_seconds=settings["cpu_seconds"], one_core=core is not None)
    rows: Any = [(layer.name, layer.on, layer.why) for layer in layers]
    greeting = Packer(_nothing_else, keep_strides=False).pack(rows)
    serve(socket.socket(fileno=connection), device=device, guard=guard, greeting=greeting)


def _nothing_else(value: object) -> None:
    raise TypeError(type(value).__name__)


def reseed() -> None:
    """Random numbers of this process are its own: a fork would repeat its siblings'."""
    seed = int.from_bytes(os.urandom(4), "little")
    torch.default_generator.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)


def start_cuda() -> None:
    """Make a CUDA context with full float32 precision, and load the libraries that answers commonly reach."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    x = torch.ones(8, 8, device="cuda")
    torch.nn.functional.conv2d(x.expand(1, 1, 8, 8), x.expand(1, 1, 8, 8))
    torch.linalg.svd(x @ x)
    torch.cuda.synchronize()


def spawned_worker(settings: dict[str, Any]) -> None:
    """A worker in a process of its own: the same sandbox and the same loop, without a fork."""
    torch.backends.cpu.get_cpu_capability()
    sandbox = Sandbox.prepare(settings["policy"], readable=readable_paths())
    if settings["compiler"]:
        import_compiler()
    become_worker(sandbox, settings, settings["connection"], settings["output"])
