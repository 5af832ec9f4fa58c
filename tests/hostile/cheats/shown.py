"""Texts that would act on the terminal, the page or the reader that shows them."""

from cheat import Cheat, attempts

EVIL = r"\x1b[2J\x1b]0;owned\x07\x9b31m\r\x08\u202edessap\u2066\u200f\x00\x7f"
FORGE = '''
import msgspec, os, stat, struct, time

def body(node):
    data = msgspec.msgpack.encode(node)
    line = next(fd for fd in range(3, 64) if is_socket(fd))
    os.write(line, struct.pack("<IQ", len(data), 0) + data)
    time.sleep(1000)

def is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False
'''
QUICK = {"seconds": 10.0, "check_seconds": 3.0}

CHEATS = (
    *attempts("shown", {
        "in a message": f"raise ValueError('{EVIL}')",
        "in a class name": f"raise type('E{EVIL}'.replace(chr(0), ''), (Exception,), {{}})('x')",
        "in a function's name": f"def f(): raise ValueError('x')\nf.__code__ = f.__code__.replace(co_name='{EVIL}')\nf()",
        "in a name that is missing": f"getattr(x, '{EVIL}')",
        "in a key that is missing": f"{{}}['{EVIL}']",
        "in a syntax error": f"raise SyntaxError('{EVIL}', ('small_parts.py', 1, 1, '{EVIL}'))",
        "as markup": "raise ValueError('[bold red]passed[/] [/nothing] [link=file:///x]x[/link] <script>alert(1)</script> {x} %s')",
    }, fails={"values": "raised"}),
    *attempts("shown", {
        "on standard output": f"print('{EVIL}')\nreturn x",
        "on standard error": f"import sys; print('{EVIL}', file=sys.stderr)\nreturn x",
        "as bytes": "import os; os.write(1, bytes(range(256)))\nreturn x",
    }, fails={"values": "values"}),
    Cheat("shown: in the source", "def softmax(x):\n    raise ValueError('no')  # \x1b[2J \u202e \x9b31m", fails={"values": "raised"}),
    Cheat("shown: in a source with forbidden names", "def softmax(x):\n    return x.softmax(-1)  # \x1b[2J \u202e \x9b31m", load="forbidden", settings={"forbid": ("softmax",)}),
    Cheat("shown: in a source that cannot be parsed", "def softmax(x) \x1b[2J \u202e", load="raised", exception="SyntaxError"),
    Cheat("shown: in the file's name", "def softmax(x):\n    raise ValueError('no')", fails={"values": "raised"}, settings={"filename": "small\x1b[2J\u202e_parts.py"}),
    Cheat("shown: a name that is missing in such a file", "del softmax", fails={"values": "missing"}, settings={"filename": "small\x1b[2J\u202e_parts.py"}),
    Cheat("shown: in a text that should be a number", f"Average.mean = lambda self: '{EVIL}'", fails={"class": "type"}),
    Cheat("shown: in keys", f"Average.state = lambda self: {{'{EVIL}': 1.0, 'count': '{EVIL}'}}", fails={"class": "values"}),
    Cheat("shown: in bytes", "def largest(score, n):\n    return bytes(range(256))", fails={"callback": "type"}),
    Cheat("shown: in a type's name", f"def softmax(x):\n    return type('T{EVIL}'.replace(chr(0), ''), (), {{}})()", fails={"values": "type", "refusal": "not_raised"}),
    Cheat("shown: in the type of what is fetched", f"class Average(Average):\n    values = property(lambda self: type('T{EVIL}'.replace(chr(0), ''), (), {{}})(), lambda self, v: None)\n    add = lambda self, v: None\n    __len__ = lambda self: 5\n    mean = lambda self: 0.0", fails={"class": ("values", "type")}),
    Cheat("shown: in the type of what is fetched, all else right", f"""
class Average(Average):
    def __init__(self):
        self.real = []
        self.values = type('T{EVIL}'.replace(chr(0), ''), (), {{}})()
    def add(self, value):
        self.real.append(value)
    def mean(self):
        return sum(self.real) / 5
    def state(self):
        return {{"count": 5.0, "total": sum(self.real)}}
    def __len__(self):
        return 5
""", fails={"class": "type"}),
    Cheat("shown: in what came instead of an exception", f"def softmax(x):\n    if x.dim() == 0:\n        return '{EVIL}'\n    return right(x)", fails={"refusal": "not_raised"}),
    Cheat("shown: in what a callback refused", f"def largest(score, n):\n    score(*['{EVIL}'] * 3)", fails={"callback": "raised"}),
    Cheat("shown: in what a callback was not given", f"def largest(score, n):\n    score('{EVIL}')", fails={"callback": "raised"}),
    *(Cheat(f"shown: forged {name}", f"{FORGE}\n\ndef softmax(x):\n    body({node})", fails={"values": kind}, settings=QUICK) for name, node, kind in (
        ("exception", f'["err", ["{EVIL}", "{EVIL}"], "{EVIL}", [[1, "{EVIL}"]], ""]', "raised"),
        ("forbidden name", f'["err", ["E"], "", [], "{EVIL}"]', "forbidden"),
        ("type", f'["ok", ["h", 1, "{EVIL}", True]]', "type"),
        ("device", f'["ok", ["t", "float64", [0], None, 0, 0, False, "{EVIL}"]]', "device"),
        ("names of changed inputs", f'["ok", None, ["{EVIL}", "7"]]', "changed_input"),
        ("message of an unknown kind", f'["{EVIL}"]', "protocol"),
        ("dtype", f'["ok", ["t", "{EVIL}", [0], None, 0, 0, False, "cpu"]]', "protocol"),
    )),
)  # fmt: skip
