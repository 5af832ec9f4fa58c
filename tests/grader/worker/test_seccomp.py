import errno
import struct

import pytest

from grader.worker import seccomp
from grader.worker.seccomp import ALLOW, KILL_PROCESS, REFUSE

MACHINES = {"x86_64": seccomp.ARCHITECTURES["x86_64"], "aarch64": seccomp.ARCHITECTURES["aarch64"]}
PID = 4242
EPERM, EACCES, ENOSYS = REFUSE | errno.EPERM, REFUSE | errno.EACCES, REFUSE | errno.ENOSYS


def decide(program, audit_name, number, *arguments):
    """What the program says of a call: a BPF machine in ten lines."""
    call = struct.pack("=iIQ6Q", number, audit_name, 0, *(value % 2**64 for value in (*arguments, 0, 0, 0, 0, 0, 0)[:6]))
    at, word = 0, 0
    while True:
        code, if_true, if_false, operand = struct.unpack_from("=HBBI", program, 8 * at)
        if code == seccomp.LOAD:
            word = struct.unpack_from("=I", call, operand)[0]
        elif code == seccomp.RETURN:
            return operand
        else:
            test = {
                seccomp.JUMP_EQUAL: word == operand,
                seccomp.JUMP_GREATER: word > operand,
                seccomp.JUMP_AT_LEAST: word >= operand,
                seccomp.JUMP_BITS: bool(word & operand),
            }[code]
            at += if_true if test else if_false
        at += 1


@pytest.fixture(params=MACHINES)
def ask(request):
    machine = MACHINES[request.param]
    program = seccomp.for_process(seccomp.assemble(machine), PID)
    numbers = {name: pair[machine.column] for table in (seccomp.REFUSED, seccomp.ABSENT, seccomp.BY_ARGUMENT) for name, pair in table.items()}

    def ask(name, *arguments):
        return decide(program, machine.audit_name, numbers[name], *arguments)

    ask.machine, ask.program, ask.numbers = machine, program, numbers
    return ask


def test_every_refused_call_is_refused_and_the_rest_is_not(ask):
    refused = {number for name, number in ask.numbers.items() if name in seccomp.REFUSED}
    asked = {number for name, number in ask.numbers.items() if name not in seccomp.REFUSED}
    for number in set(range(seccomp.NEWEST_KNOWN + 1)) - asked:
        assert decide(ask.program, ask.machine.audit_name, number) == (EPERM if number in refused else ALLOW), number


def test_another_interface_kills(ask):
    i386, arm = 0x40000003, 0x40000028
    assert decide(ask.program, i386, 1) == KILL_PROCESS
    assert decide(ask.program, arm, 1) == KILL_PROCESS


def test_x32_kills_where_there_is_one(ask):
    expected = KILL_PROCESS if ask.machine.has_x32 else ENOSYS
    assert decide(ask.program, ask.machine.audit_name, seccomp.X32 | 39) == expected
    assert decide(ask.program, ask.machine.audit_name, -1) == expected


def test_newer_calls_do_not_exist(ask):
    assert decide(ask.program, ask.machine.audit_name, seccomp.NEWEST_KNOWN + 1) == ENOSYS
    assert ask("clone3") == ask("openat2") == ENOSYS


@pytest.mark.parametrize("flags", [1, 2, 0x41, 0x201, 0x241, 0x80042, 0x410002])
def test_opening_for_writing_is_refused(ask, flags):
    assert ask("openat", -100, 0, flags) == EACCES


@pytest.mark.parametrize("flags", [0, 0x80000, 0x10000, 0x200000])
def test_opening_for_reading_is_not(ask, flags):
    assert ask("openat", -100, 0, flags) == ALLOW


def test_threads_but_no_processes(ask):
    thread, sigchld, new_user = 0x3D0F00, 17, 0x10000000
    assert ask("clone", thread) == ALLOW
    assert ask("clone", sigchld) == EPERM
    assert ask("clone", thread | new_user) == EPERM


def test_signals_to_itself_only(ask):
    assert ask("kill", PID, 9) == ask("tgkill", PID, PID, 6) == ALLOW
    for other in (-1, 0, 1, PID + 1, -PID):
        assert ask("kill", other, 9) == ask("tgkill", other, other, 9) == EPERM


def test_limits_are_read_not_set(ask):
    assert ask("prlimit64", 0, 7, 0, 0x7FFF0000) == ALLOW
    assert ask("prlimit64", 0, 7, 0x7FFF0000, 0) == ask("prlimit64", 0, 7, 1 << 32, 0) == EPERM


def test_control_calls(ask):
    assert ask("ioctl", 0, 0x5401) == ask("fcntl", 3, 2) == ask("prctl", 15) == ask("sched_setaffinity", 0) == ALLOW
    assert ask("ioctl", 0, 0x5412) == ask("fcntl", 3, 8) == ask("prctl", 4) == ask("sched_setaffinity", 77) == EPERM


def test_cores_are_not_chosen_where_there_is_one(ask):
    program = seccomp.for_process(seccomp.assemble(ask.machine, one_core=True), PID)
    assert decide(program, ask.machine.audit_name, ask.numbers["sched_setaffinity"], 0) == EPERM
    assert decide(program, ask.machine.audit_name, ask.numbers["ioctl"], 0, 0x5401) == ALLOW


def test_an_unknown_machine_has_no_program():
    assert seccomp.architecture("riscv64") is None
    assert seccomp.architecture("AMD64") == seccomp.ARCHITECTURES["x86_64"]
