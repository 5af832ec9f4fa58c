"""The line to the judge: replies too large, too deep, forged, dripped, or none at all."""

from cheat import Cheat, attempts

FORGER = '''
import os, stat, struct, sys, threading, time

import msgspec

wire = sys.modules["grader.protocol"]


def find_line():
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                return fd
        except OSError:
            pass


LINE = find_line()


def send(data):
    view = memoryview(data)
    while view:
        view = view[os.write(LINE, view[:100_000]):]


def body(node, block=b""):
    """A forged reply: its body as MessagePack, then its block."""
    data = msgspec.msgpack.encode(node)
    send(struct.pack("<IQ", len(data), len(block)) + data + block)


def tensor(shape, strides=None, start=0, nbytes=64, dtype="float64", device="cpu", grad=False):
    return ["t", dtype, shape, strides, start, nbytes, grad, device]


def rest():
    time.sleep(1000)
'''


def forged(table: dict[str, str], **expected) -> list[Cheat]:
    """In softmax, write to the judge's line directly, then rest."""
    return list(attempts("forged", {name: line + "\nrest()" for name, line in table.items()}, setup=FORGER, **({"settings": {"seconds": 8.0, "check_seconds": 3.0}} | expected)))


def bodies(table: dict[str, str], **expected) -> list[Cheat]:
    """A forged reply for each node."""
    return forged({name: f"body({node})" for name, node in table.items()}, **expected)


PROTOCOL = {"fails": {"values": "protocol"}}

CHEATS = (
    *attempts("reply", {
        "nested 100 deep": "for _ in range(100): x = [x]\nreturn x",
        "nested a million deep": "for _ in range(10**6): x = [x]\nreturn x",
        "a list that holds itself": "x = []; x.append(x)\nreturn x",
        "a million integers": "return list(range(10**6))",
        "a million objects": "return [object() for _ in range(10**6)]",
        "a thousand dicts of a thousand": "return [dict.fromkeys(range(1000)) for _ in range(1000)]",
        "a long integer": "return 10**100_000",
        "a long text": "return 'x' * 20_000_000",
        "a list of long texts": "return ['x' * 1_000_000] * 20",
        "objects as keys": "return {object(): 1}",
        "320 MB": "return torch.zeros(40_000_000, dtype=torch.float64)",
        "five times 100 MB": "return [torch.zeros(12_500_000, dtype=torch.float64)] * 5",
    }, settings={"memory_mb": 2000}, **PROTOCOL),
    *attempts("reply", {"250 MB of nothing": "return torch.zeros(250 << 17, dtype=torch.float64)"}, settings={"memory_mb": 2000}, fails={"values": "shape"}),
    *bodies({
        "an ok": '["ok", None, []]',
        "an ok that says true": '["ok", True, []]',
        "a handle": '["ok", ["h", 0, "Tensor", True], []]',
    }, fails={"values": "type"}),
    *bodies({
        "a verdict": '{"passed": True, "checks": []}',
        "an unknown message": '["passed"]',
        "an unknown node": '["ok", ["z", 1], []]',
        "a request": '["load", "raise SystemExit", "x.py"]',
        "a callback nobody offered": '["cb", 99, [], {}]',
        "a callback of negative number": '["cb", -1, [], {}]',
        "a function of ours": '["ok", ["b", 0], []]',
        "bytes out of range": '["ok", tensor([8], start=1 << 40)]',
        "a negative start": '["ok", tensor([8], start=-64), []], bytes(64)',
        "bytes out of line": '["ok", tensor([8], start=1), []], bytes(128)',
        "a negative dimension": '["ok", tensor([-1, -8]), []], bytes(64)',
        "an enormous dimension": '["ok", tensor([1 << 62]), []], bytes(64)',
        "a product that overflows": '["ok", tensor([1 << 28] * 30, nbytes=0), []]',
        "no elements, enormous strides": '["ok", tensor([0] + [1 << 28] * 30, nbytes=0), []]',
        "too many dimensions": '["ok", tensor([1] * 100, nbytes=8), []], bytes(64)',
        "strides out of range": '["ok", tensor([8], [1000], nbytes=64), []], bytes(64)',
        "negative strides": '["ok", tensor([8], [-1], nbytes=64), []], bytes(64)',
        "an unknown dtype": '["ok", tensor([8], dtype="object"), []], bytes(64)',
        "a few bytes repeated to 80 GB": '["ok", tensor([1000] * 3 + [10], [0, 0, 0, 1], nbytes=80), []], bytes(128)',
        "a megabyte repeated to 1 GB": '["ok", ["a", "float64", [1000, 131072], [0, 1], 0, 1 << 20], []], bytes(1 << 20)',
        "the same megabyte a thousand times": '["ok", ["l", [tensor([131072], nbytes=1 << 20)] * 1000], []], bytes(1 << 20)',
        "an integer in no digits": '["ok", ["i", "0xwrong"], []]',
        "an integer of a million digits": '["ok", ["i", "0x" + "f" * 10**6], []]',
        "a number of no size": '["ok", ["n", "float64", b"123"], []]',
        "an unknown constant": '["ok", ["k", "torch.device", "cuda:x"], []]',
        "a list as key": '["ok", ["d", [[["l", []], 1]]], []]',
        "text that is not UTF-8": '["ok", msgspec.Raw(b"\\xa4\\xff\\xff\\xff\\xff"), []]',
        "keys that all collide": '["ok", ["d", [[["i", hex(k * (2**61 - 1))], None] for k in range(60_000)]], []]',
        "a body of a million nodes": '["ok", ["l", [None] * 1_000_000], []]',
        "a body nested 5000 deep": '["ok", msgspec.Raw(b"\\x92\\xa1l\\x91" * 5000 + b"\\xc0"), []]',
    }, **PROTOCOL),
    *bodies({"a bool of seven": '["ok", ["t", "bool", [64], None, 0, 64, False, "cpu"], []], bytes([7]) * 64'}, fails={"values": ("protocol", "shape", "dtype")}),
    *bodies({"a result on a GPU": '["ok", tensor([4, 5], nbytes=160, device="cuda:0"), []], bytes(192)'}, fails={"values": "device"}),
    *bodies({
        "a million frames of a traceback": '["err", ["ValueError"], "x", [[1, "f" * 10]] * 500_000, ""]',
        "a long message": '["err", ["ValueError"], "x" * 8_000_000, [], ""]',
        "a long name": '["err", ["E" * 8_000_000], "x", [], ""]',
        "an exception without a name": '["err", [], "", [], ""]',
        "lines that are none": '["err", ["ValueError"], "x", [[-5, "f"], [2**62, "f"]], ""]',
    }, fails={"values": "raised"}),
    *bodies({"a long name of a forbidden thing": '["err", ["E"], "x", [], "y" * 8_000_000]'}, fails={"values": "forbidden"}),
    *bodies({"a type of a long name": '["ok", ["h", 0, "T" * 8_000_000, True], []]'}, fails={"values": "type"}),
    *bodies({
        "a changed input of a strange number": '["ok", None, ["\\u00b2", "9" * 5000]]',
        "a million changed inputs": '["ok", None, ["x"] * 1_000_000]',
    }, fails={"values": "changed_input"}),
    *forged({
        "garbage": "send(bytes(range(256)) * 100)",
        "lengths beyond all": "send(b'\\xff' * 12)",
        "zeros": "send(bytes(1000))",
    }, **PROTOCOL),
    *forged({
        "half a header": "send(b'12345')",
        "a slow drip": "send(struct.pack('<IQ', 1_000_000, 0))\nwhile True: send(b'x'); time.sleep(.01)",
        "a large frame that never comes": "send(struct.pack('<IQ', 100, 200 << 20) + bytes(1000))",
    }, fails={"values": "time"}, settings={"seconds": 2.0}),
    *forged({"half a frame, then gone": "send(struct.pack('<IQ', 1_000_000, 0)); os._exit(0)", "half a header, then gone": "send(b'123'); os._exit(0)"}, fails={"values": "crashed", "gradient": "crashed"}),
    *forged({"nothing: the line is closed": "os.close(LINE)", "nothing: all is closed": "os.closerange(0, 64)"}, fails={"values": "crashed"}),
    *forged({"nothing: the line is shut down": "import socket; socket.socket(fileno=LINE).shutdown(2)"}, fails={"values": "crashed"}),
    *forged({"callbacks for ever": "while True: body(['cb', 0, [], {}])"}, fails={"values": "protocol"}),
    Cheat("forged: callbacks for ever while one is served", FORGER + """
def largest(score, n):
    while True:
        body(["cb", 0, [0], {}])
""", fails={"callback": ("time", "protocol", "crashed")}, settings={"seconds": 10.0, "check_seconds": 2.0}),
    Cheat("forged: callbacks with strange arguments", FORGER + """
def largest(score, n):
    for arguments in ([], [[1]] , ["x" * 100_000], [["h", 5, "T", False]]):
        body(["cb", 0, arguments, {"i" * 1000: 1}])
    rest()
""", fails={"callback": ("protocol", "time", "crashed")}, settings={"seconds": 10.0, "check_seconds": 2.0}),
    Cheat("forged: replies ahead of the questions", FORGER + """
def softmax(x):
    body(["ok", tensor([4, 5], nbytes=160), []], bytes(192))
    return right(x)
""", fails={"values": "values"}),
    Cheat("forged: replies from a thread", FORGER + """
def chatter():
    while True:
        body(["ok", None, []])

def softmax(x):
    threading.Thread(target=chatter, daemon=True).start()
    return right(x)
""", fails={"values": ("protocol", "type", "time", "values", "crashed")}, settings={"seconds": 10.0}),
    Cheat("forged: a thread that reads the judge's questions", FORGER + """
def steal():
    while True:
        os.read(LINE, 1)

threading.Thread(target=steal, daemon=True).start()

def softmax(x):
    time.sleep(.1)
    return right(x)
""", fails={"values": ("crashed", "time", "protocol")}, settings={"seconds": 4.0}),
    Cheat("forged: file descriptors sent along", FORGER + """
import array, socket

def softmax(x):
    line = socket.socket(fileno=os.dup(LINE))
    ends = os.pipe()
    data = msgspec.msgpack.encode(["ok", None, []])
    line.sendmsg([struct.pack("<IQ", len(data), 0) + data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", ends))])
    rest()
""", fails={"values": "type"}, settings={"seconds": 8.0, "check_seconds": 3.0}),
    Cheat("forged: a codec of its own", FORGER + """
sys.modules["grader.packing"].Packer.pack = lambda self, value, depth=0: True
""", fails={"values": "type", "mask": "type", "class": "type"}),
    Cheat("forged: a session that says yes", FORGER + """
session = sys.modules["grader.worker.session"].Session
session.handle = lambda self, request, block: (wire.Value(True), sys.modules["grader.packing"].Packer(self._refer, keep_strides=False))
""", fails={"values": "type", "class": ("type", "protocol")}),
    Cheat("forged: a session that ends well", FORGER + """
sys.modules["grader.worker.main"]._answer = lambda *a: os._exit(0)
""", fails={"values": "crashed", "speed": "crashed"}),
)  # fmt: skip
