import ast
import ctypes
import errno
import functools
import importlib.util
import json
import mmap
import os
import resource
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from grader.verdict import Layer
from grader.worker import landlock, linux, sandbox, seccomp
from grader.worker.readable import readable_paths
from grader.worker.sandbox import REQUIRED, Sandbox, SandboxUnavailable, die_with_parent, enter_server_namespace

pytestmark = [
    pytest.mark.skipif(not linux.LINUX, reason="only Linux has these walls"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

READABLE = readable_paths() if linux.LINUX else []
MEGABYTE = 1 << 20
HERE = Path(__file__)


def namespaces_offered():
    return linux.LINUX and next(layer for layer in sandbox.probe("server") if layer.name == "namespaces").on


WAYS = [("local", False), ("server", False), ("local", True), ("server", True)]
NAMES = ["local", "server", "local-as-nobody", "server-as-nobody"]


def become_nobody():
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    linux.prctl(linux.SET_DUMPABLE, 1)


def in_sandbox(act, policy="local", *, as_nobody=False, memory=256 * MEGABYTE, readable=READABLE):
    """What act() returns in a sandboxed child, as JSON; {"error": ...} when the sandbox could not be entered; None when the child died."""
    if as_nobody and os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    if policy == "server" and not namespaces_offered():
        pytest.skip("this machine offers no namespaces")
    results, write_end = os.pipe()
    server = os.fork()
    if server == 0:
        try:
            if as_nobody:
                become_nobody()
            if policy == "server":
                enter_server_namespace()
            prepared = Sandbox.prepare(policy, readable=readable)
            worker = prepared.fork()
            if worker == 0:
                layers = prepared.enter(memory_bytes=memory, cpu_seconds=20)
                report = json.dumps({"result": act(), "layers": {layer.name: [layer.on, layer.why] for layer in layers}})
                os.write(write_end, report.encode())
                os._exit(0)
            os.waitpid(worker, 0)
        except BaseException as error:  # noqa: BLE001 - told to the test
            os.write(write_end, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(results, "rb") as pipe:
        report = pipe.read()
    os.waitpid(server, 0)
    return json.loads(report) if report else None


def system_call(number, *arguments):
    linux.syscall(number, *arguments)


def outcome(act):
    """ "permitted", or what refused it."""
    try:
        act()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    except BaseException as error:  # noqa: BLE001 - told to the test
        return type(error).__name__
    return "permitted"


def start_threads_without_end():
    hold, started = threading.Event(), []
    threading.stack_size(64 * 1024)
    try:
        while len(started) < 2000:
            started.append(threading.Thread(target=hold.wait))
            started[-1].start()
    finally:
        hold.set()


def run_a_thread():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(1))
    thread.start()
    thread.join()
    assert seen == [1]


def write_through_a_pipe():
    read_end, write_end = os.pipe()
    os.write(write_end, b"hello")
    assert os.read(read_end, 5) == b"hello"


def import_late():
    spec = importlib.util.find_spec("statistics")
    assert "mean" in Path(spec.origin).read_text()
    assert statistics.mean([1, 3]) == 2


HOME = str(Path.home())
HOST = os.getpid()

REFUSED = {
    "read /etc/passwd": Path("/etc/passwd").read_text,
    "read /proc": lambda: Path("/proc/self/maps").read_text(),
    "read this test": HERE.read_text,
    "read the kit": lambda: Path(sandbox.__file__).read_text(),
    "list the home folder": lambda: os.listdir(HOME),  # noqa: PTH208 - the name is all that counts
    "list the root folder": lambda: os.listdir("/"),  # noqa: PTH208 - the name is all that counts
    "create in /tmp": lambda: Path("/tmp/kit-was-here").write_text("x"),
    "create in /dev/shm": lambda: Path("/dev/shm/kit-was-here").write_text("x"),
    "append to a readable file": lambda: Path(statistics.__file__).open("a").close(),
    "truncate": lambda: os.truncate(statistics.__file__, 0),
    "delete": lambda: Path(statistics.__file__).unlink(),
    "rename": lambda: Path(statistics.__file__).rename("/tmp/x"),
    "make a folder": lambda: Path("/tmp/kit-folder").mkdir(),
    "make a link": lambda: Path("/tmp/kit-link").symlink_to("/etc"),
    "make a pipe file": lambda: os.mkfifo("/tmp/kit-fifo"),
    "change a mode": lambda: Path(statistics.__file__).chmod(0o777),
    "change an owner": lambda: os.chown(statistics.__file__, 0, 0),
    "change times": lambda: os.utime(statistics.__file__),
    "set an attribute": lambda: os.setxattr(statistics.__file__, "user.x", b"1"),
    "anonymous file": lambda: os.memfd_create("x"),
    "socket": socket.socket,
    "pair of sockets": socket.socketpair,
    "fork": os.fork,
    "execute": lambda: os.execv("/bin/true", ["true"]),
    "start a program": lambda: subprocess.run(["/bin/true"], check=False),
    "spawn a program": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "remove a tree": lambda: shutil.rmtree("/tmp"),
    "signal everyone": lambda: os.kill(-1, 0),
    "signal the group": lambda: os.kill(0, 0),
    "signal the host": lambda: os.kill(HOST, 0),
    "open a process": lambda: os.pidfd_open(HOST),
    "renice": lambda: os.setpriority(os.PRIO_PROCESS, 0, 5),
    "become root": lambda: os.setuid(0),
    "raise a limit": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10)),
    "become dumpable": lambda: linux.prctl(linux.SET_DUMPABLE, 1),
    "outlive the parent": lambda: linux.prctl(linux.SET_PARENT_DEATH_SIGNAL, 0),
    "new namespaces": lambda: linux.unshare(linux.NEW_USER),
    "take memory": functools.partial(bytearray, 512 * MEGABYTE),
    "map shared memory": lambda: mmap.mmap(-1, 512 * MEGABYTE),
    "threads without end": start_threads_without_end,
}

PERMITTED = {
    "random bytes": lambda: os.urandom(8),
    "clocks": lambda: (time.time(), time.monotonic(), time.process_time()),
    "a thread": run_a_thread,
    "a pipe": write_through_a_pipe,
    "a late import": import_late,
    "little memory": lambda: bytearray(16 * MEGABYTE),
    "anonymous mapping": lambda: mmap.mmap(-1, MEGABYTE).close(),
    "its own limits": lambda: resource.getrlimit(resource.RLIMIT_AS),
    "a signal to itself": lambda: os.kill(os.getpid(), 0),
    "parsing": lambda: ast.parse("x = 1"),
    "waiting": lambda: select.select([], [], [], 0),
    "the null device": lambda: Path("/dev/null").read_bytes(),
}


@pytest.fixture(scope="module", params=WAYS, ids=NAMES)
def sandboxed(request):
    policy, as_nobody = request.param
    acts = PERMITTED | REFUSED

    def everything():
        return {"outcomes": {name: outcome(act) for name, act in acts.items()}, "pid": os.getpid(), "uid": os.getuid()}

    report = in_sandbox(everything, policy, as_nobody=as_nobody)
    assert report is not None
    assert "error" not in report
    return policy, as_nobody, report


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(sandboxed, name):
    expected = {"take memory": {"MemoryError"}, "map shared memory": {"ENOMEM"}, "threads without end": {"RuntimeError"}}
    expected["raise a limit"] = {"ValueError"}  # Python's word for EPERM there
    assert sandboxed[2]["result"]["outcomes"][name] in expected.get(name, {"EPERM", "EACCES"})


@pytest.mark.parametrize("name", PERMITTED)
def test_permits(sandboxed, name):
    _, as_nobody, report = sandboxed
    if name == "a late import" and as_nobody and not all(map(sandbox._open_to_all, READABLE)):
        pytest.skip("this Python is installed where nobody but root can read it")
    assert report["result"]["outcomes"][name] == "permitted"


def test_reports_its_layers(sandboxed):
    policy, _, report = sandboxed
    expected = {name: name != "namespaces" or policy == "server" for name in REQUIRED}
    assert {name: on for name, (on, _) in report["layers"].items() if name in REQUIRED} == expected


def test_a_server_worker_is_alone(sandboxed):
    policy, _, report = sandboxed
    assert (report["result"]["pid"] == 1) == (policy == "server")
    if policy == "server":
        assert report["result"]["uid"] == 65534


def test_every_refused_call_is_refused():
    machine = seccomp.architecture()
    numbers = {name: pair[machine.column] for name, pair in seccomp.REFUSED.items() if pair[machine.column] >= 0}

    def call_all():
        if outcome(socket.socket) != "EPERM":
            return "there is no filter: do not try"
        return {name: outcome(functools.partial(system_call, number, 0, 0, 0, 0, 0, 0)) for name, number in numbers.items()}

    assert in_sandbox(call_all)["result"] == dict.fromkeys(numbers, "EPERM")


def test_calls_newer_than_the_table_do_not_exist():
    assert in_sandbox(lambda: [outcome(functools.partial(system_call, number)) for number in (435, 437, 463, 470, 600)])["result"] == ["ENOSYS"] * 5


def test_terminal_injection_is_refused():
    def inject():
        byte = ctypes.create_string_buffer(b"x")
        return outcome(lambda: linux.checked(linux.libc().ioctl(0, ctypes.c_ulong(0x5412), byte), "ioctl"))

    assert in_sandbox(inject)["result"] == "EPERM"


@pytest.mark.skipif(seccomp.architecture() is None or not seccomp.architecture().has_x32, reason="x86-64 only")
def test_the_x32_interface_kills():
    assert in_sandbox(lambda: linux.libc().syscall(ctypes.c_long(seccomp.X32 | 39))) is None


def test_limits():
    wanted = {"RLIMIT_CPU": [20, 21], "RLIMIT_FSIZE": [0, 0], "RLIMIT_CORE": [0, 0], "RLIMIT_NOFILE": [64, 64]}
    assert in_sandbox(lambda: {name: resource.getrlimit(getattr(resource, name)) for name in wanted})["result"] == wanted


def test_no_memory_limit_when_none_is_asked_for():
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    assert in_sandbox(lambda: resource.getrlimit(resource.RLIMIT_AS)[0], memory=None)["result"] == limit


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("policy", ["local", "server"])
def test_root_becomes_nobody_where_nobody_can_read_python(policy):
    open_to_all = [Path("/dev/null"), Path("/dev/urandom")]
    report = in_sandbox(lambda: {"who": [*os.getresuid(), *os.getresgid()], "socket": outcome(socket.socket)}, policy, readable=open_to_all)
    assert report["result"] == {"who": [65534] * 6, "socket": "EPERM"}


def without(monkeypatch, layer):
    if layer == "landlock":
        monkeypatch.setattr(landlock, "version", lambda: 0)
    elif layer == "seccomp":
        monkeypatch.setattr(seccomp, "architecture", lambda: None)
    else:
        monkeypatch.setattr(sandbox, "_probe_namespaces", lambda: Layer("namespaces", on=False, why="not here"))


@pytest.mark.parametrize("layer", ["landlock", "seccomp", "namespaces"])
def test_a_server_refuses_to_go_without(monkeypatch, layer):
    if layer != "namespaces" and not namespaces_offered():
        pytest.skip("namespaces are missing already")
    without(monkeypatch, layer)
    with pytest.raises(SandboxUnavailable, match=layer) as caught:
        Sandbox.prepare("server", readable=[])
    assert [missing.name for missing in caught.value.missing] == [layer]
    assert caught.value.missing[0].why


@pytest.mark.parametrize(
    ("layer", "still_refused", "now_permitted"),
    [
        ("landlock", ["create in /tmp", "truncate", "delete", "make a folder", "socket"], ["read this test"]),
        ("seccomp", ["create in /tmp", "read this test", "delete", "list the root folder"], ["pair of sockets"]),
    ],
)
def test_local_goes_on_without_and_says_so(monkeypatch, layer, still_refused, now_permitted):
    without(monkeypatch, layer)
    report = in_sandbox(lambda: {name: outcome(REFUSED[name]) for name in (*still_refused, *now_permitted)})
    on, why = report["layers"][layer]
    assert not on
    assert why
    assert {report["result"][name] for name in still_refused} <= {"EPERM", "EACCES"}
    assert {report["result"][name] for name in now_permitted} == {"permitted"}


def fail(*_):
    raise OSError(errno.EINVAL, "did not work")


def test_a_layer_that_fails_while_entering_stops_a_server(monkeypatch):
    monkeypatch.setattr(landlock, "restrict", fail)
    assert "landlock" in in_sandbox(lambda: "went on", "server")["error"]


def test_a_layer_that_fails_while_entering_is_reported_locally(monkeypatch):
    monkeypatch.setattr(landlock, "restrict", fail)
    report = in_sandbox(lambda: "went on")
    assert report["result"] == "went on"
    assert report["layers"]["landlock"] == [False, "[Errno 22] did not work"]


def test_elsewhere_nothing_but_limits_is_on(monkeypatch):
    monkeypatch.setattr(linux, "LINUX", False)
    assert [layer.name for layer in sandbox.probe("local") if layer.on] == ["rlimits"]
    assert all(layer.why for layer in sandbox.probe("local") if not layer.on)
    with pytest.raises(SandboxUnavailable):
        Sandbox.prepare("server", readable=[])


@pytest.mark.parametrize("policy", ["local", "server"])
def test_what_must_come_before_threads_can_come_first(policy, monkeypatch):
    """As for a worker that makes a CUDA context."""
    enter = Sandbox.enter

    def threads_between(self, **limits):
        self.isolate()
        hold = threading.Event()
        thread = threading.Thread(target=hold.wait)
        thread.start()
        layers = enter(self, **limits)
        hold.set()
        thread.join()
        return layers

    monkeypatch.setattr(Sandbox, "enter", threads_between)
    report = in_sandbox(lambda: outcome(socket.socket), policy)
    assert report["result"] == "EPERM"
    assert {name for name, (on, _) in report["layers"].items() if not on} <= {"cgroup", "namespaces"}


def test_no_child_is_left_when_the_parent_ends():
    alive, write_end = os.pipe()
    parent = os.fork()
    if parent == 0:
        ready, tell = os.pipe()
        if os.fork() == 0:
            die_with_parent()
            os.write(tell, b"x")
            while True:
                signal.pause()
        os.read(ready, 1)
        os._exit(0)
    os.close(write_end)
    os.waitpid(parent, 0)
    readable, _, _ = select.select([alive], [], [], 30)
    assert readable, "the child still holds its end of the pipe"
    assert os.read(alive, 1) == b""
    os.close(alive)


def test_a_worker_of_a_server_cannot_leave_processes_behind():
    """The namespace ends with its first process."""
    assert in_sandbox(lambda: outcome(os.fork), "server")["result"] == "EPERM"


@pytest.mark.slow
def test_torch_works_inside():
    policies = ["local", "server"] if namespaces_offered() else ["local"]
    script = HERE.with_name("torch_in_sandbox.py")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, str(script), *policies], capture_output=True, text=True, env=environment, check=False)
    assert done.stderr == ""
    capability, *steps = done.stdout.split()
    assert steps == [step for policy in policies for step in (policy, "conv2d", "optimizer", "late-imports", "same-capability", capability, "done")]
