"""The walls around an answer, in layers: what it may open, which system calls it may make, and how much of the machine it may use."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.text import _
from grader.verdict import Layer, Policy
from grader.worker import cgroup, landlock, linux, seccomp
from grader.worker.readable import fill_finder_caches, readable_paths

if sys.platform != "win32":
    import resource

__all__ = ["REQUIRED", "Sandbox", "SandboxUnavailable", "die_with_parent", "enter_server_namespace", "probe", "readable_paths"]

REQUIRED = ("no_new_privs", "not_dumpable", "capabilities", "rlimits", "landlock", "seccomp", "namespaces")
SERVER_ONLY = ("namespaces",)

NOBODY = 65534
OPEN_FILES = 64
THREADS = 64
WORKER_NAMESPACES = linux.NEW_USER | linux.NEW_MOUNT | linux.NEW_NET | linux.NEW_IPC | linux.NEW_UTS
OWN_PID_NAMESPACE = "/proc/thread-self/ns/pid"


class SandboxUnavailable(Exception):
    """The server policy asks for a layer that this machine does not offer; the message says which, and the remedy."""

    def __init__(self, missing: Sequence[Layer]) -> None:
        self.missing = list(missing)
        reasons = "; ".join(f"{layer.name}: {layer.why}" for layer in missing)
        super().__init__(_("the server's sandbox is not complete here ({reasons})").format(reasons=reasons))


@dataclass
class Sandbox:
    """Made once in the fork server, entered by each worker that it forks."""

    policy: Policy
    layers: list[Layer]
    rules: int | None = None
    program: bytes = b""
    one_core_program: bytes = b""
    full_drop: bool = False
    own_pid_namespace: int | None = None
    groups: cgroup.Groups | None = None
    _standing: list[Layer] = field(default_factory=list[Layer])
    _isolated: bool = False

    @classmethod
    def prepare(cls, policy: Policy, *, readable: Sequence[Path]) -> "Sandbox":
        """Do whatever can be done once: find out what the kernel offers, open the readable paths, put the filter together.

        Raises SandboxUnavailable when the policy is "server" and a required layer is missing.
        """
        layers = probe(policy)
        refuse_incomplete(policy, layers)
        on = {layer.name for layer in layers if layer.on}
        sandbox = cls(policy, layers, full_drop=all(map(_open_to_all, readable)))
        if "landlock" in on:
            sandbox.rules = landlock.ruleset(readable)
            fill_finder_caches()
        machine = seccomp.architecture()
        if "seccomp" in on and machine is not None:
            sandbox.program, sandbox.one_core_program = seccomp.assemble(machine), seccomp.assemble(machine, one_core=True)
        if policy == "server":
            groups = cgroup.groups()
            sandbox.groups = None if isinstance(groups, str) else groups
            layers.append(Layer("cgroup", on=False, why=groups) if isinstance(groups, str) else Layer("cgroup", on=True))
        if "namespaces" in on:
            sandbox.own_pid_namespace = os.open(OWN_PID_NAMESPACE, os.O_RDONLY | os.O_CLOEXEC)
        return sandbox

    def fork(self) -> int:
        """os.fork(); under "server" the child is the first process of a PID namespace of its own and dies with all that it started.

        Under "server" an ordinary user's fork server must have called enter_server_namespace() when it started.
        """
        if self.own_pid_namespace is None:
            return os.fork()
        linux.unshare(linux.NEW_PID)
        try:
            pid = os.fork()
        except OSError:
            linux.join_namespace(self.own_pid_namespace, linux.NEW_PID)
            raise
        if pid:
            linux.join_namespace(self.own_pid_namespace, linux.NEW_PID)
        return pid

    def sweep(self) -> None:
        """Clear away what ended workers left: the fork server calls it after it has waited for some."""
        if self.groups is not None:
            self.groups.sweep()

    def isolate(self, *, memory_bytes: int | None = None) -> None:
        """The part of enter() that must come before any thread: a worker that makes a CUDA context calls it first, then enter()."""
        if self._isolated:
            return
        self._isolated = True
        groups = self.groups
        if groups is not None:
            self._put_up("cgroup", lambda: groups.enter(memory_bytes=memory_bytes, threads=THREADS))
        self._put_up("no_new_privs", lambda: linux.prctl(linux.SET_NO_NEW_PRIVS, 1))
        if linux.LINUX and os.geteuid() == 0:
            self._drop_root()
        if self._offered("namespaces"):
            self._put_up("namespaces", leave_namespaces)

    def enter(self, *, memory_bytes: int | None, cpu_seconds: int, one_core: bool = False) -> list[Layer]:
        """Restrict this process, for good; the list says which layers are on.

        memory_bytes is what may be mapped on top of what is mapped already (None: no limit, which a CUDA context needs). After cpu_seconds
        of processor time the kernel sends SIGXCPU, a second later SIGKILL. one_core: the cores that this process may use stay as they are.
        Raises SandboxUnavailable when the policy is "server" and a
        required layer could not be put up: the worker must end then.
        """
        self.isolate(memory_bytes=memory_bytes)
        threads = None
        if linux.LINUX:  # a new user namespace counts its own threads, otherwise everybody's count
            threads = THREADS + (0 if self._stands("namespaces") else linux.threads_on_this_machine())
        memory = None if memory_bytes is None or not linux.LINUX else linux.address_space_in_use() + memory_bytes
        self._put_up("capabilities", linux.drop_capabilities)
        self._put_up("not_dumpable", lambda: linux.prctl(linux.SET_DUMPABLE, 0))
        self._put_up("rlimits", lambda: set_limits(memory=memory, cpu_seconds=cpu_seconds, threads=threads))
        if linux.LINUX:
            die_with_parent()  # a change of user or capabilities would undo it earlier
        rules = self.rules
        if rules is not None:
            self._put_up("landlock", lambda: landlock.restrict(rules))
        for fd in (self.rules, self.own_pid_namespace):
            if fd is not None:
                os.close(fd)
        program = self.one_core_program if one_core else self.program
        if program:
            self._put_up("seccomp", lambda: seccomp.install(seccomp.for_process(program, os.getpid())))
        standing = {layer.name: layer for layer in self._standing}
        layers = [standing.get(layer.name, layer) for layer in self.layers]
        refuse_incomplete(self.policy, layers)
        return layers

    def _offered(self, name: str) -> bool:
        return any(layer.name == name and layer.on for layer in self.layers)

    def _stands(self, name: str) -> bool:
        return any(layer.name == name and layer.on for layer in self._standing)

    def _put_up(self, name: str, restrict: Callable[[], object]) -> None:
        offered = next((layer for layer in self.layers if layer.name == name), None)
        if offered is None or not offered.on:
            return
        try:
            restrict()
        except OSError as error:
            self._standing.append(Layer(name, on=False, why=str(error)))
        else:
            self._standing.append(offered)

    def _drop_root(self) -> None:
        """Become nobody; where only root can read Python's own files, be nobody for the count of threads alone, root without its powers."""
        if not linux.has_capability(linux.SET_UID):
            return
        linux.prctl(linux.SET_SECURE_BITS, linux.KEEP_CAPABILITIES_OVER_SETUID)  # the namespaces still need them
        if self.full_drop:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        else:
            os.setresuid(NOBODY, 0, 0)
        linux.prctl(linux.SET_DUMPABLE, 1)  # undone by the change of user; without it /proc/self/uid_map is out of reach


def enter_server_namespace() -> None:
    """Let an ordinary user's fork server give each worker a PID namespace.

    To be called first of all, before any thread exists, and only for the policy "server". For an ordinary user this process stays behind as
    a shell that waits and ends with the fork server's exit status, and the caller goes on in a child: the first process of a namespace of
    its own, where a signal without a handler is ignored (SIGKILL from outside is not). Root needs none of it. Raises SandboxUnavailable
    where namespaces are not allowed.
    """
    if linux.has_capability(linux.SYS_ADMIN):
        return
    uid, gid = os.getuid(), os.getgid()
    try:
        linux.unshare(linux.NEW_USER | linux.NEW_PID)
        linux.map_ids(uid, gid, uid, gid)
    except OSError as error:
        raise SandboxUnavailable([Layer("namespaces", on=False, why=_why_no_namespaces(error))]) from error
    child = os.fork()
    if child:
        os.closerange(3, 1024)
        status = os.waitpid(child, 0)[1]
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    die_with_parent()


def die_with_parent(parent: int | None = None) -> None:
    """Be killed when the thread that forked this process ends; at once when parent is given and is not the parent any more."""
    if not linux.LINUX:
        return
    killed = 9
    linux.prctl(linux.SET_PARENT_DEATH_SIGNAL, killed)
    if parent is not None and os.getppid() not in {parent, 0}:
        os._exit(1)


def leave_namespaces(more: int = 0) -> None:
    """Into fresh namespaces, as nobody there: no mounts to share, no network, no queues, no powers."""
    uid, gid = os.geteuid(), os.getegid()
    linux.unshare(WORKER_NAMESPACES | more)
    linux.map_ids(uid, gid, NOBODY, NOBODY)


def set_limits(*, memory: int | None, cpu_seconds: int, threads: int | None) -> None:
    """Processor time, memory, threads, open files; no file may grow, no core is left behind."""
    limits = {
        resource.RLIMIT_CPU: (cpu_seconds, cpu_seconds + 1),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NOFILE: (OPEN_FILES, OPEN_FILES),
    }
    if memory is not None:
        limits[resource.RLIMIT_AS] = (memory, memory)
    if threads is not None:
        limits[resource.RLIMIT_NPROC] = (threads, threads)
    for kind, wanted in limits.items():
        ceiling = resource.getrlimit(kind)[1]
        soft, hard = (value if ceiling == resource.RLIM_INFINITY else min(value, ceiling) for value in wanted)
        resource.setrlimit(kind, (soft, hard))


def probe(policy: Policy) -> list[Layer]:
    """Each layer: on when this machine offers it, else why not and what to do."""
    if not linux.LINUX:
        elsewhere = _("only Linux has it; use a container or WSL 2 for a full sandbox")
        limits = Layer("rlimits", on=sys.platform != "win32", why="" if sys.platform != "win32" else elsewhere)
        return [limits if name == "rlimits" else Layer(name, on=False, why=elsewhere) for name in REQUIRED]
    layers = [Layer("no_new_privs", on=True), Layer("not_dumpable", on=True), Layer("capabilities", on=True), Layer("rlimits", on=True)]
    layers += [_probe_landlock(), _probe_seccomp()]
    if policy == "server":
        layers.append(_probe_namespaces())
    else:
        layers.append(Layer("namespaces", on=False, why=_("only used on a server")))
    return layers


def refuse_incomplete(policy: Policy, layers: Sequence[Layer]) -> None:
    """Raise SandboxUnavailable when the policy is "server" and a required layer is not on."""
    missing = [layer for layer in layers if layer.name in REQUIRED and not layer.on]
    if policy == "server" and missing:
        raise SandboxUnavailable(missing)


def _probe_landlock() -> Layer:
    if landlock.version():
        return Layer("landlock", on=True)
    why = _("this kernel has no Landlock, so an answer can read your files; Linux 5.13 or newer has it, with lsm=landlock at boot")
    return Layer("landlock", on=False, why=why)


def _probe_seccomp() -> Layer:
    if seccomp.architecture() is None:
        return Layer("seccomp", on=False, why=_("there is no filter for this processor; x86-64 and 64-bit Arm have one"))
    if not seccomp.available():
        return Layer("seccomp", on=False, why=_("this kernel takes no seccomp filters; use one with CONFIG_SECCOMP_FILTER"))
    return Layer("seccomp", on=True)


def _probe_namespaces() -> Layer:
    """By trying in a child: laws about namespaces are made in too many places to be read."""
    child = os.fork()
    if child == 0:
        status = 0
        try:
            leave_namespaces(linux.NEW_PID)
        except OSError as error:
            status = min(error.errno or 255, 255)
        finally:
            os._exit(status)
    number = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if number:
        return Layer("namespaces", on=False, why=_why_no_namespaces(OSError(number, os.strerror(number))))
    return Layer("namespaces", on=True)


def _why_no_namespaces(error: OSError) -> str:
    return _(
        "this machine does not let you make namespaces ({reason}); allow it with sysctl kernel.apparmor_restrict_unprivileged_userns=0, "
        "or in a container with --security-opt seccomp=unconfined"
    ).format(reason=error.strerror)


def _open_to_all(path: Path) -> bool:
    """Whether any user can reach and read the path (or there is nothing)."""
    resolved = path.resolve()
    try:
        return bool(resolved.stat().st_mode & 0o004) and all(folder.stat().st_mode & 0o001 for folder in resolved.parents)
    except OSError:
        return True
