"""The warm server: started when needed, shared, replaced when it is gone, and never needed."""

import os
import signal
import socket
import stat

import pytest

from grader import client
from grader.server import LENGTH, receive_bytes, send_bytes

CHECKS = "def test_it(answer): assert answer.f(2) == 4"
RIGHT = "def f(x): return x * x"


def peer(path):
    """Process number of whoever listens there."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        return int.from_bytes(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4], "little")


def test_the_servers_life(folder, make_job):
    job = make_job(RIGHT, CHECKS)
    assert not client.stop_server()
    assert client.judge(job).passed
    path = client.server_path()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    first = peer(path)
    assert client.judge(job).passed
    assert peer(path) == first
    pending = [client.submit(job) for _ in range(3)]  # at once
    assert all(job.result().passed for job in pending)
    os.kill(first, signal.SIGKILL)
    assert client.judge(job).passed
    assert peer(path) != first
    assert client.stop_server()
    assert not path.exists()


def test_garbage_and_hang_ups_do_not_hurt_the_server(folder, make_job):
    job = make_job(RIGHT, CHECKS)
    assert client.judge(job).passed
    path = client.server_path()
    server = peer(path)
    for data in (b"", b"\x00", LENGTH.pack(2**60), LENGTH.pack(5) + b"{}{}{", b"GET / HTTP/1.1\r\n\r\n"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(data)
    client.submit(job)._connection.close()  # one who asks and leaves
    assert client.judge(job).passed
    assert peer(path) == server


def test_a_stale_socket_is_replaced(folder, make_job):
    path = client.server_path()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert client.judge(make_job(RIGHT, CHECKS)).passed


def test_without_a_server(folder, make_job, monkeypatch):
    monkeypatch.setenv("KIT_SERVER", "0")
    assert client.judge(make_job(RIGHT, CHECKS)).passed
    assert not list(folder.rglob("*.sock"))


def test_a_folder_that_others_can_enter_is_refused(folder, make_job):
    (folder / "kit").mkdir(mode=0o755)
    (folder / "kit").chmod(0o755)
    with pytest.raises(client.JudgeError, match="only you"):
        client.judge(make_job(RIGHT, CHECKS))
    (folder / "kit").chmod(0o700)
    assert client.judge(make_job(RIGHT, CHECKS)).passed


def test_another_version_is_another_server(folder, monkeypatch):
    before = client.server_path()
    monkeypatch.setattr("sys.executable", "/another/python")
    assert client.server_path() != before
    assert client.server_path("server") != client.server_path("local")


def test_messages_have_a_length():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send_bytes(ours, b"verdict")
        assert receive_bytes(theirs, 100) == b"verdict"
        send_bytes(ours, b"x" * 200)
        with pytest.raises(ConnectionError):
            receive_bytes(theirs, 100)


def test_the_layers_of_the_sandbox(folder):
    names = [layer.name for layer in client.sandbox_layers()]
    assert {"rlimits", "landlock", "seccomp", "namespaces"} <= set(names)
