"""Exceptions that are named like the judge's, cannot be shown, or say what they should not."""

from cheat import Cheat, attempts

NAMES = ("CheckFailure", "ForbiddenOperation", "AnswerRaised", "WorkerLost", "DeadlineReached", "ConnectionEnded", "Exit", "Skipped", "Passed")

CHEATS = (
    *attempts("exception", {f"named {name}": f"raise type('{name}', (Exception,), {{}})('passed')" for name in NAMES}, fails={"values": "raised"}, exception=NAMES),
    *attempts("exception", {"named ProtocolError": "raise type('ProtocolError', (Exception,), {})('passed')"}, fails={"values": ("raised", "protocol")}),
    *attempts("exception", {"the judge's own": "import sys; raise sys.modules['grader.protocol'].ConnectionEnded('x')", "of the judge's rules": "import sys; raise sys.modules['grader.worker.rules'].ForbiddenOperation('x', 'y')"}, fails={"values": ("raised", "forbidden")}),
    *attempts("exception", {
        "whose __str__ raises": "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})()",
        "whose __str__ is no text": "raise type('E', (Exception,), {'__str__': lambda self: 7})()",
        "whose __str__ has 100 MB": "raise ValueError('x' * 100_000_000)",
        "of a million lines": "raise ValueError('x\\n' * 1_000_000)",
        "with half a character": "raise ValueError('\\ud800 and \\udfff')",
        "in a group": "raise ExceptionGroup('many', [ValueError('x')] * 100_000)",
        "chained to itself": "e = ValueError('x'); e.__cause__ = e.__context__ = e; raise e",
        "that is a base exception": "raise type('E', (BaseException,), {})('x')",
        "StopIteration": "raise StopIteration",
        "of a class nested 1000 deep": "c = Exception\nfor i in range(1000): c = type(f'E{i}', (c,), {})\nraise c('x')",
        "MemoryError without need": "raise RuntimeError('there is no memory')",
    }, fails={"values": "raised"}),
    *attempts("exception", {
        "whose __str__ exits": "raise type('E', (Exception,), {'__str__': lambda self: exit(0)})()",
        "whose __str__ exits at once": "import os; raise type('E', (Exception,), {'__str__': lambda self: os._exit(0)})()",
        "whose class has no name": "raise type('M', (type,), {'__name__': property(lambda c: 7)})('E', (Exception,), {})()",
        "a syntax error with properties": "raise type('E', (SyntaxError,), {'filename': property(lambda s: 'small_parts.py'), 'msg': property(lambda s: 7), 'lineno': property(lambda s: [])})()",
    }, fails={"values": ("raised", "crashed")}),
    *attempts("exception", {"your turn": "raise NotImplementedError('your turn')"}, fails={"values": "your_turn", "gradient": "your_turn"}),
    *attempts("exception", {
        "torch has not implemented it": "return torch.nn.functional.log_softmax(torch.arange(3), -1)",
        "no data in a meta tensor": "return right(x).to('meta')",
    }, fails={"values": ("raised", "device", "type")}),
    Cheat("exception: in the wrong name", "class ValueError(Exception):\n    pass\n\ndef softmax(x):\n    raise ValueError('softmax needs a dimension')", fails={"values": "raised", "refusal": "raised"}),
    Cheat("exception: a syntax error", "def softmax(x:\n", load="raised", exception="SyntaxError"),
    Cheat("exception: an indentation error", "  def softmax(x): pass", load="raised", exception="IndentationError"),
    Cheat("source: a null byte", "x = '\0'", load="raised", exception=("SyntaxError", "ValueError")),
    Cheat("source: a coding line", "# -*- coding: utf-16 -*-\nx = 1", whole=True, fails={"values": "missing"}),
    Cheat("source: nothing", "", whole=True, fails={"values": "missing"}),
    Cheat("source: parentheses 10,000 deep", "x = " + "(" * 10_000 + ")" * 10_000, load=("raised", "memory", "crashed"), settings={"forbid": ("softmax",)}),
    Cheat("source: 100,000 signs", "x = " + "-" * 100_000 + "1", load=("raised", "memory", "crashed"), settings={"forbid": ("softmax",)}),
    Cheat("source: 800 signs", "x = " + "-" * 800 + "1\n\ndef softmax(x):\n    return x", fails={"values": "values"}, settings={"forbid": ("softmax",)}),
    Cheat("source: a sum of 50,000", "x = " + "+".join(["1"] * 50_000) + "\n\ndef softmax(x):\n    return x", load=("raised", "memory", "crashed"), settings={"forbid": ("softmax",)}),
    Cheat("source: 20,000 attributes in a row", "try:\n    x = torch" + ".a" * 20_000 + "\nexcept Exception: pass", load=("raised", "memory", "crashed"), settings={"forbid": ("softmax",)}),
    Cheat("source: 700 attributes in a row", "def softmax(x):\n    return torch" + ".a" * 700, fails={"values": "raised"}, settings={"forbid": ("softmax",)}),
    Cheat("source: 200 KB of attributes", "def unused():\n" + ("    torch" + ".a" * 490 + "\n") * 200 + "\ndef softmax(x):\n    return x", fails={"values": "values"}, settings={"forbid": ("softmax",), "seconds": 60.0}),
    Cheat("source: 200 KB of names", "def unused():\n" + "".join(f"    a{i} = torch\n" for i in range(10_000)) + "\ndef softmax(x):\n    return x", fails={"values": "values"}, settings={"forbid": ("softmax",)}),
)  # fmt: skip
