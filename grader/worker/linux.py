"""The Linux system calls that Python does not offer, each restricting the process that calls it."""

import ctypes
import functools
import os
import struct
import sys
from pathlib import Path

LINUX = sys.platform == "linux"

NEW_MOUNT, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000

SET_PARENT_DEATH_SIGNAL, GET_DUMPABLE, SET_DUMPABLE, SET_SECURE_BITS, SET_NO_NEW_PRIVS, GET_NO_NEW_PRIVS = 1, 3, 4, 28, 38, 39
KEEP_CAPABILITIES_OVER_SETUID = 1 << 2
CAPABILITY_VERSION_3 = 0x20080522
SET_UID, SYS_ADMIN = 7, 21


@functools.cache
def libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> int:
    """The result of a C call; raises OSError when it is negative."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """A system call by its number; raises OSError when it fails."""
    wide = (ctypes.c_long(value) if isinstance(value, int) else value for value in arguments)
    return checked(int(libc().syscall(ctypes.c_long(number), *wide)), f"system call {number}")


def prctl(operation: int, *arguments: int) -> int:
    """Change a setting of this process; the kernel wants unsigned longs."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    return checked(int(libc().prctl(ctypes.c_int(operation), *map(ctypes.c_ulong, padded))), f"prctl {operation}")


def unshare(namespaces: int) -> None:
    """Leave the parent's namespaces for fresh ones."""
    checked(int(libc().unshare(ctypes.c_int(namespaces))), "unshare")


def join_namespace(fd: int, kind: int) -> None:
    """Enter the namespace that fd stands for."""
    checked(int(libc().setns(ctypes.c_int(fd), ctypes.c_int(kind))), "setns")


def map_ids(outside_uid: int, outside_gid: int, inside_uid: int, inside_gid: int) -> None:
    """Give the one user and group of a fresh user namespace their numbers."""
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{inside_uid} {outside_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{inside_gid} {outside_gid} 1")


def has_capability(number: int) -> bool:
    """Whether this process has the capability in effect."""
    header, data = struct.pack("=Ii", CAPABILITY_VERSION_3, 0), ctypes.create_string_buffer(24)
    checked(int(libc().capget(header, data)), "capget")
    effective: int = struct.unpack_from("=I", data.raw, 12 * (number // 32))[0]
    return bool(effective >> number % 32 & 1)


def drop_capabilities() -> None:
    """Give up every capability, for good under no_new_privs."""
    checked(int(libc().capset(struct.pack("=Ii", CAPABILITY_VERSION_3, 0), bytes(24))), "capset")


def threads_on_this_machine() -> int:
    """An upper bound of the threads that any one user has now (the kernel's own count of all)."""
    return int(Path("/proc/loadavg").read_text().split()[3].split("/")[1])


def address_space_in_use() -> int:
    """Bytes of address space that this process has mapped now."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
