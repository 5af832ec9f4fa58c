"""The system calls that an answer cannot make: a classic BPF program, put together here for x86-64 and 64-bit Arm."""

import ctypes
import errno
import platform
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grader.worker import linux

SET_FILTER, ON_EVERY_THREAD = 1, 1
KILL_PROCESS, ALLOW, REFUSE = 0x80000000, 0x7FFF0000, 0x00050000

# Offsets in struct seccomp_data; both architectures are little-endian.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16

LOAD, RETURN, JUMP_EQUAL, JUMP_GREATER, JUMP_AT_LEAST, JUMP_BITS = 0x20, 0x06, 0x15, 0x25, 0x35, 0x45

X32 = 0x40000000  # the x32 interface of x86-64 has numbers of its own, so no rule would match
NEWEST_KNOWN = 462  # mseal; whatever a later kernel adds does not exist for an answer

# Opening for writing: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_TMPFILE.
WRITING = 0x1 | 0x2 | 0x40 | 0x200 | 0x400000
CLONE_THREAD = 0x10000
NEW_NAMESPACES = 0x7E020080
TERMINAL_INJECTION_AND_SIGNAL_OWNER = (0x5412, 0x541C, 0x8901, 0x8902)  # TIOCSTI, TIOCLINUX, FIOSETOWN, SIOCSPGRP
SIGNAL_OWNER_AND_NOTIFICATION = (8, 10, 15, 1024, 1026)  # F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY
# Parent-death signal, dumpable, keep capabilities, seccomp, bounding set, time-stamp counter, secure bits, memory map, subreaper, ambient
# capabilities, system call dispatch, ptracer.
PROCESS_SETTINGS = (1, 4, 8, 22, 24, 26, 28, 35, 36, 47, 59, 0x59616D61)

# Number on x86-64, number on 64-bit Arm; -1 where the architecture has no such call.
REFUSED: dict[str, tuple[int, int]] = {
    # processes
    "fork": (57, -1), "vfork": (58, -1), "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272), "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "process_mrelease": (448, 448), "migrate_pages": (256, 238),
    "move_pages": (279, 239), "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119), "sched_setattr": (314, 274), "setpgid": (109, 154), "setsid": (112, 157),
    "setrlimit": (160, 164), "personality": (135, 92), "modify_ldt": (154, -1),
    # who one is
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143), "setgroups": (116, 159),
    "setresuid": (117, 147), "setresgid": (119, 149), "setfsuid": (122, 151), "setfsgid": (123, 152), "capset": (126, 91),
    "seccomp": (317, 277), "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446),
    "lsm_set_self_attr": (460, 460),
    # the network
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "bind": (49, 200), "listen": (50, 201), "socketpair": (53, 199),
    "accept4": (288, 242),
    # memory and queues shared with others
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191),
    "shmdt": (67, 197), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "semtimedop": (220, 192),
    "mq_open": (240, 180), "mq_unlink": (241, 181), "mq_timedsend": (242, 182), "mq_timedreceive": (243, 183), "mq_notify": (244, 184),
    "mq_getsetattr": (245, 185), "memfd_create": (319, 279), "memfd_secret": (447, 447),
    # changing files, whatever Landlock says
    "creat": (85, -1), "rename": (82, -1), "mkdir": (83, -1), "rmdir": (84, -1), "link": (86, -1), "unlink": (87, -1), "symlink": (88, -1),
    "chmod": (90, -1), "fchmod": (91, 52), "chown": (92, -1), "fchown": (93, 55), "lchown": (94, -1), "mknod": (133, -1),
    "utime": (132, -1), "utimes": (235, -1), "mkdirat": (258, 34), "mknodat": (259, 33), "fchownat": (260, 54), "futimesat": (261, -1),
    "unlinkat": (263, 35), "renameat": (264, 38), "linkat": (265, 37), "symlinkat": (266, 36), "fchmodat": (268, 53),
    "utimensat": (280, 88), "renameat2": (316, 276), "fchmodat2": (452, 452), "truncate": (76, 45), "ftruncate": (77, 46),
    "fallocate": (285, 47), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14),
    "lremovexattr": (198, 15), "fremovexattr": (199, 16), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "inotify_init": (253, -1), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27), "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    # the machine
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "statmount": (457, 457), "listmount": (458, 458), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "io_setup": (206, 0), "io_submit": (209, 2), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "delete_module": (176, 106), "finit_module": (313, 273), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "syslog": (103, 116), "sethostname": (170, 161), "setdomainname": (171, 162), "iopl": (172, -1), "ioperm": (173, -1),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "vhangup": (153, 58),
    "lookup_dcookie": (212, 18), "uselib": (134, -1),
}  # fmt: skip

# The C library asks for these first and takes an older call when they do not exist; their arguments lie where a filter cannot look.
ABSENT: dict[str, tuple[int, int]] = {"clone3": (435, 435), "openat2": (437, 437)}

# Refused or not by their arguments.
BY_ARGUMENT: dict[str, tuple[int, int]] = {
    "open": (2, -1), "openat": (257, 56), "clone": (56, 220), "kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122), "ioctl": (16, 29), "fcntl": (72, 25), "prctl": (157, 167),
}  # fmt: skip


@dataclass(frozen=True)
class Architecture:
    """How the kernel tells one machine's calls from another's."""

    audit_name: int
    column: int
    seccomp: int
    has_x32: bool


ARCHITECTURES = {
    "x86_64": Architecture(0xC000003E, 0, 317, has_x32=True),
    "amd64": Architecture(0xC000003E, 0, 317, has_x32=True),
    "aarch64": Architecture(0xC00000B7, 1, 277, has_x32=False),
    "arm64": Architecture(0xC00000B7, 1, 277, has_x32=False),
}

Instruction = tuple[int, int, int, int]
OWN_PROCESS = 0x6B697421  # stands in the program where the worker's process id will be


def architecture(machine: str | None = None) -> Architecture | None:
    """The architecture of this machine, or None when there is no table for it (also for a 32-bit Python)."""
    if struct.calcsize("P") != 8:
        return None
    return ARCHITECTURES.get((machine or platform.machine()).lower())


def load(offset: int) -> Instruction:
    """Take a word of the call's description."""
    return (LOAD, 0, 0, offset)


def give(action: int) -> Instruction:
    """End with this action."""
    return (RETURN, 0, 0, action)


def refuse(number: int) -> Instruction:
    """End: the call fails with this error."""
    return give(REFUSE | number)


def argument(index: int, *, high: bool = False) -> Instruction:
    """Take the low or high half of an argument."""
    return load(ARGUMENTS + 8 * index + 4 * high)


def refuse_values(index: int, values: Iterable[int]) -> list[Instruction]:
    """Refuse the call when the argument is one of the values."""
    tests = [step for value in values for step in ((JUMP_EQUAL, 0, 1, value), refuse(errno.EPERM))]
    return [argument(index), *tests, give(ALLOW)]


def allow_only(index: int, value: int) -> list[Instruction]:
    """Refuse the call unless the argument is the value."""
    return [argument(index), (JUMP_EQUAL, 1, 0, value), refuse(errno.EPERM), give(ALLOW)]


def refuse_bits(index: int, bits: int, number: int) -> list[Instruction]:
    """Refuse the call when the argument has one of the bits."""
    return [argument(index), (JUMP_BITS, 0, 1, bits), refuse(number), give(ALLOW)]


def rules_by_argument() -> dict[str, list[Instruction]]:
    """What each call of BY_ARGUMENT is asked."""
    thread_only: list[Instruction] = [
        argument(0),
        (JUMP_BITS, 1, 0, NEW_NAMESPACES),
        (JUMP_BITS, 1, 0, CLONE_THREAD),
        refuse(errno.EPERM),
        give(ALLOW),
    ]
    read_limits_only: list[Instruction] = [
        argument(2),
        (JUMP_EQUAL, 0, 3, 0),
        argument(2, high=True),
        (JUMP_EQUAL, 0, 1, 0),
        give(ALLOW),
        refuse(errno.EPERM),
    ]
    return {
        "open": refuse_bits(1, WRITING, errno.EACCES),
        "openat": refuse_bits(2, WRITING, errno.EACCES),
        "clone": thread_only,
        "kill": allow_only(0, OWN_PROCESS),
        "tgkill": allow_only(0, OWN_PROCESS),
        "prlimit64": read_limits_only,
        "sched_setaffinity": allow_only(0, 0),
        "ioctl": refuse_values(1, TERMINAL_INJECTION_AND_SIGNAL_OWNER),
        "fcntl": refuse_values(1, SIGNAL_OWNER_AND_NOTIFICATION),
        "prctl": refuse_values(0, PROCESS_SETTINGS),
    }


def ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The numbers as sorted runs (first, last)."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def assemble(machine: Architecture, *, one_core: bool = False) -> bytes:
    """The program for a machine, with OWN_PROCESS where the process id belongs. one_core: the worker cannot choose its cores."""

    def here(table: dict[str, tuple[int, int]]) -> dict[str, int]:
        return {name: numbers[machine.column] for name, numbers in table.items() if numbers[machine.column] >= 0}

    program: list[Instruction] = [load(ARCHITECTURE), (JUMP_EQUAL, 1, 0, machine.audit_name), give(KILL_PROCESS), load(NUMBER)]
    if machine.has_x32:
        program += [(JUMP_AT_LEAST, 0, 1, X32), give(KILL_PROCESS)]
    program += [(JUMP_GREATER, 0, 1, NEWEST_KNOWN), refuse(errno.ENOSYS)]
    rules = rules_by_argument() | ({"sched_setaffinity": [refuse(errno.EPERM)]} if one_core else {})
    for name, number in here(BY_ARGUMENT).items():
        program += [(JUMP_EQUAL, 0, len(rules[name]), number), *rules[name]]
    for number in here(ABSENT).values():
        program += [(JUMP_EQUAL, 0, 1, number), refuse(errno.ENOSYS)]
    for first, last in ranges(here(REFUSED).values()):
        if first == last:
            program += [(JUMP_EQUAL, 0, 1, first), refuse(errno.EPERM)]
        else:
            program += [(JUMP_AT_LEAST, 0, 2, first), (JUMP_GREATER, 1, 0, last), refuse(errno.EPERM)]
    program.append(give(ALLOW))
    return encode(program)


def encode(program: Sequence[Instruction]) -> bytes:
    """As the kernel reads it."""
    return b"".join(struct.pack("=HBBI", *step) for step in program)


def for_process(program: bytes, pid: int) -> bytes:
    """The program for the worker whose id, as it sees itself, is pid."""
    template, own = struct.pack("=HBBI", JUMP_EQUAL, 1, 0, OWN_PROCESS), struct.pack("=HBBI", JUMP_EQUAL, 1, 0, pid)
    return program.replace(template, own)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def available() -> bool:
    """Whether the kernel takes filters at all and there is a table for this machine."""
    machine = architecture()
    if not linux.LINUX or machine is None:
        return False
    get_action_available = 2
    try:
        linux.syscall(machine.seccomp, get_action_available, 0, struct.pack("=I", KILL_PROCESS))
    except OSError:
        return False
    return True


def install(program: bytes) -> None:
    """Hold every thread of this process to the program, for good. Needs no_new_privs."""
    machine = architecture()
    assert machine is not None
    bpf = _Program(len(program) // 8, program)
    stubborn = linux.syscall(machine.seccomp, SET_FILTER, ON_EVERY_THREAD, ctypes.byref(bpf))
    if stubborn:
        raise OSError(errno.EBUSY, f"thread {stubborn} could not be held to the filter")
