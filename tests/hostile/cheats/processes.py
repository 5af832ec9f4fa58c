"""Other processes, the network, the kernel: each attempt goes on to the right values if it is not stopped."""

from cheat import Cheat, attempts, together

REFUSED = {"exception": ("PermissionError", "OSError", "ProcessLookupError", "FileNotFoundError", "ValueError")}
SETUP = """
import ctypes, errno, mmap, os, resource, signal, socket, stat, subprocess, sys

C = ctypes.CDLL(None, use_errno=True)
C.mmap.restype = ctypes.c_void_p


def must(result):
    if result is None or int(result) < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def call(number, *arguments):
    return must(C.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]))


def is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False


def run(code):
    \"\"\"Run machine code.\"\"\"
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(code)
    return ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""

CHEATS = (
    together("process", {
        "fork": "os.fork() or os._exit(0)",
        "vfork": "must(C.vfork())",
        "subprocess": "subprocess.run(['true'])",
        "posix_spawn": "os.posix_spawn('/bin/true', ['true'], {})",
        "os.system": "must(-os.system('true'))",
        "execve": "os.execve('/bin/true', ['true'], {})",
        "a file in memory that is executed": "os.execve(os.memfd_create('x'), ['x'], {})",
        "multiprocessing": "import multiprocessing as m; m.get_context('fork').Process(target=print).start()",
        "kill of the parent": "os.kill(os.getppid(), 9)",
        "kill of the group": "os.killpg(0, 9)",
        "kill of all": "os.kill(-1, 9)",
        "a signal to the first process": "os.kill(1, 0)",
        "a signal to a thread of others": "call(234, os.getppid(), os.getppid(), 9)",
        "a signal by tkill": "call(200, os.getppid(), 9)",
        "a signal by queue": "call(129, os.getppid(), 9, bytes(128))",
        "a signal by pidfd": "signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)",
        "ptrace of the parent": "must(C.ptrace(16, os.getppid(), 0, 0))",
        "ptrace of itself": "must(C.ptrace(0, 0, 0, 0))",
        "reading the parent's memory": "must(C.process_vm_readv(os.getppid(), 0, 0, 0, 0, 0))",
        "another session": "os.setsid()",
        "another group": "os.setpgid(0, 0)",
        "priority": "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "the parent's processors": "os.sched_setaffinity(os.getppid(), {0})",
        "the parent's limits": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    }, setup=SETUP, **REFUSED),
    together("power", {
        "unshare": "must(C.unshare(0x10000000))",
        "setns": "must(C.setns(0, 0))",
        "mount": "must(C.mount(b'x', b'/', b'tmpfs', 0, 0))",
        "chroot": "os.chroot('/')",
        "root": "os.setuid(0) if os.getuid() else os.setuid(65534)",
        "another group": "os.setgid(1)",
        "all three users": "os.setresuid(0, 0, 0)",
        "capabilities": "must(C.capset(bytes(8), bytes(24)))",
        "to be traced": "must(C.prctl(4, 1, 0, 0, 0))",
        "to outlive the parent": "must(C.prctl(1, 0, 0, 0, 0))",
        "to be the reaper": "must(C.prctl(36, 1, 0, 0, 0))",
        "privileges again": "must(C.prctl(38, 0, 0, 0, 0))",
        "another filter": "must(C.prctl(22, 1, 0, 0, 0))",
        "a filter by seccomp": "call(317, 1, 0, bytes(16))",
        "another Landlock": "call(444, 0, 0, 1)",
        "more memory": "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
        "more processor time": "resource.prlimit(0, resource.RLIMIT_CPU, (10**6, 10**6))",
        "larger files": "resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))",
        "another personality": "must(C.personality(0x0040000))",
        "real-time scheduling": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))",
        "io_uring": "call(425, 8, bytes(120))",
        "bpf": "call(321, 0, bytes(128), 128)",
        "perf": "call(298, bytes(128), 0, -1, -1, 0)",
        "userfaultfd": "call(323, 1)",
        "keys": "call(250, 0, -3, 0)",
        "shared memory": "must(C.shmget(1234, 100, 0o1600))",
        "a queue": "call(240, b'/kit', 0o102, 0o600, 0)",
        "a call that does not exist yet": "call(470, 0)",
        "host name": "socket.sethostname('kit')",
        "time": "import time; time.clock_settime(0, 0)",
        "a terminal's input": "import fcntl; fcntl.ioctl(1, 0x5412, b'x')",
        "the owner of signals": "import fcntl; fcntl.fcntl(1, 8, os.getppid())",
        "a file watch": "must(C.inotify_init())",
        "chdir to a secret": "os.chdir('@HOME@'); raise OSError(str(os.listdir('.')))",
    }, setup=SETUP, processor="x86_64", **REFUSED),
    together("network", {
        "a socket": "socket.socket()",
        "UDP": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "unix": "socket.socket(socket.AF_UNIX)",
        "the judge's server": "socket.socket(socket.AF_UNIX).connect('@SERVER@')",
        "an abstract name": "socket.socket(socket.AF_UNIX).bind('\\0kit')",
        "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "vsock": "socket.socket(40)",
        "a raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
        "a pair": "socket.socketpair()",
        "a name": "socket.create_connection(('localhost', 80))",
        "a URL": "import urllib.request; urllib.request.urlopen('http://127.0.0.1/')",
        "asyncio": "import asyncio; asyncio.run(asyncio.sleep(0))",
        "the line to the judge, bound": "socket.socket(fileno=os.dup(next(fd for fd in range(3, 64) if is_socket(fd)))).bind('\\0x')",
    }, setup=SETUP, exception=("PermissionError", "OSError", "URLError", "gaierror")),
    *attempts("machine code", {
        "the 32-bit interface": "run(b'\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3')",
        "the x32 interface": "call(0x40000000 | 39)",
        "fork": "must(run(b'\\xb8\\x39\\x00\\x00\\x00\\x0f\\x05\\xc3'))",
        "nonsense": "run(b'\\x0f\\x0b')",
    }, setup=SETUP, processor="x86_64", fails={"values": ("crashed", "raised")}),
    *attempts("library", {
        "a file that is none": "ctypes.CDLL('@CHECKS@')",
        "one of its own": "ctypes.CDLL('@TEMP@/canary')",
        "torch's extensions": "import torch.utils.cpp_extension as e; e.load_inline('x', 'int f() { return 1; }', functions=['f'])",
    }, setup=SETUP, fails={"values": ("raised", "crashed")}),
    Cheat("process: a thread that kills while the judge compares", SETUP + """
import threading

def hunt():
    while True:
        for pid in range(1, 100_000, 7):
            try:
                os.kill(pid, 9)
            except OSError:
                pass

def softmax(x):
    threading.Thread(target=hunt, daemon=True).start()
    return x
""", fails={"values": ("values", "memory", "crashed")}),
)  # fmt: skip
