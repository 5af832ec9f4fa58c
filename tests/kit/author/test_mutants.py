"""Small changes of a solution: which there are, and that each is real, named and placed."""

from textwrap import dedent

import pytest

from kit.author.mutants import mutants


def changes(source, operator=None):
    return [mutant.after for mutant in mutants("x", dedent(source)) if operator in {None, mutant.operator}]


def body(code, parameters="a: Tensor, b: Tensor"):
    return f"import torch\nimport math\n\n\ndef f({parameters}) -> Tensor:\n" + "".join(f"    {line}\n" for line in code.splitlines())


@pytest.mark.parametrize(
    ("code", "operator", "expected"),
    [
        ("return a * b", "arithmetic", ["return a / b"]),
        ("return a @ b", "matmul-order", ["return b @ a"]),
        ("return a - b", "dropped-term", ["return a", "return -b"]),
        ("return a * b", "dropped-factor", ["return a", "return b"]),
        ("return a < b", "comparison", ["return a <= b", "return a >= b"]),
        ("return a and b", "boolean", ["return a or b"]),
        ("return a and b", "dropped-condition", ["return b", "return a"]),
        ("return -a", "dropped-minus", ["return a"]),
        ("return not a", "dropped-not", ["return a"]),
        ("return a if b else 3", "choice", ["return a", "return 3"]),
        ("return [x for x in a if x]", "dropped-filter", ["return [x for x in a]"]),
        ("return a + 0", "constant", ["return a + 1"]),
        ("return a + 5", "constant", ["return a + 4", "return a + 6"]),
        ("return a + 0.5", "constant", ["return a + 1.0"]),
        ("return a + 0.5", "sign", ["return a + -0.5"]),
        ("return a.sum(0, keepdim=True)", "constant", ["return a.sum(1, keepdim=True)", "return a.sum(0, keepdim=False)"]),
        ("return a.sum(dim=-1)", "axis", ["return a.sum(dim=0)", "return a.sum(dim=1)"]),
        ("return a.sum(dim=(0, 2))", "axis", ["return a.sum(dim=(0,))", "return a.sum(dim=(2,))"]),
        ("return a.sum(dim=0)", "dropped-keyword", ["return a.sum()"]),
        ("return a.sum(0)", "dropped-argument", ["return a.sum()"]),
        ("return g(a, b)", "swapped-arguments", ["return g(b, a)"]),
        ("return max(a, b)", "swapped-arguments", []),
        ("return a.mean()", "function", ["return a.sum()"]),
        ("return torch.zeros(3)", "function", ["return torch.ones(3)"]),
        ("return a.sqrt()", "dropped-call", ["return a"]),
        ("return torch.sqrt(a)", "dropped-call", ["return a"]),
        ("return max(a, 0)", "dropped-call", ["return a", "return 0"]),
        ("return a.T", "dropped-transpose", ["return a"]),
        ("return a.exp()", "in-place", ["return a.exp_()"]),
        ("c = a + 1\nreturn c.exp()", "in-place", []),
        ("a = a + 1\nreturn a", "in-place", ["a += 1"]),
        ("return torch.einsum('ij,jk->ik', a, b)", "einsum", ["return torch.einsum('ij,jk->ki', a, b)"]),
        ("return a[1:3]", "off-by-one", ["return a[1 + 1:3]", "return a[1:3 - 1]"]),
        ("return a[:b]", "dropped-bound", ["return a[:]"]),
        ("return a[::-1]", "dropped-step", ["return a[:]"]),
        ("return a[0, 1]", "swapped-index", ["return a[1, 0]"]),
        ("return list(range(a))", "off-by-one", ["return list(range(a - 1))", "return list(range(a + 1))", "return list(range(1, a))"]),
        ("a += b\nreturn a", "overwritten", ["a = b"]),
        ("a += b\nreturn a", "copied", ["a = a + b"]),
        ("return a, b", "return", ["return (b, a)"]),
        ("return b", "return", ["return a"]),
        ("with torch.no_grad():\n    a.zero_()\nreturn a", "dropped-context", ["a.zero_()"]),
        ("for x in a:\n    b(x)\nreturn b", "only-first-round", ["for x in a:\n    b(x)\n    break"]),
        ("if a:\n    return b\nreturn a", "condition-never", ["pass"]),
        ("if a:\n    return b\nreturn a", "negated-condition", ["if not a:"]),
        ("for x in a:\n    if x:\n        break\n    b(x)\nreturn a", "break-continue", ["continue"]),
        ("try:\n    a()\nexcept E:\n    b()\nreturn a", "dropped-handlers", ["a()"]),
    ],
)
def test_operators(code, operator, expected):
    assert changes(body(code), operator) == expected


def test_gradients_are_cut_where_values_are_tensors():
    code = "c = a * 2\nn = a.size(0)\nmask = torch.ones_like(a)\nfixed = a.detach().exp()\nreturn c / n"
    assert changes(body(code), "detached") == ["c = (a * 2).detach()", "return (c / n).detach()"]


def test_names_of_one_kind_are_swapped():
    found = changes("def f(mean_q: Tensor, mean_p: Tensor, beta: float):\n    return mean_q - mean_p + beta\n", "swapped-name")
    assert found == ["return mean_p - mean_p + beta", "return mean_q - mean_q + beta"]


def test_attributes_of_one_kind_are_swapped():
    source = """
    class Cell:
        def __init__(self):
            self.w = Parameter(1)
            self.u = Parameter(2)

        def forward(self, x):
            return x @ self.w
    """
    assert changes(source, "swapped-name") == ["return x @ self.u"]


def test_options_are_swapped_but_messages_are_left_alone():
    source = """
    def f(x, kind="sum"):
        if kind == "mean":
            return x
        raise ValueError(f"kind must be sum or mean, not {kind}" + "!")
    """
    assert changes(source, "option") == ["def f(x, kind='mean'):", "if kind == 'sum':"]


def test_docstrings_annotations_and_imports_are_left_alone():
    assert changes('"""Doc."""\nimport torch\n\n\ndef f(x: Literal[1]) -> Literal[2]:\n    """Doc 3."""\n') == []


def test_guards_are_left_alone():
    found = changes("def f(x, y):\n    assert x > 1, x\n    return zip(x, y, strict=True)\n")
    assert all("strict=True" in after for after in found)
    assert found


def test_given_code_is_left_alone():
    assert changes("def f(x):  # given\n    return x + 1\n\n\nA = 2  # given\n") == []


def test_first_assignments_are_not_dropped_and_later_ones_are():
    code = "c = 1\nc = 2\nself.d = 3\nreturn c"
    assert [mutant.before for mutant in mutants("x", body(code)) if mutant.operator == "dropped-statement"] == ["c = 2", "self.d = 3"]


def test_mutants_that_compile_to_the_same_code_are_left_out():
    found = mutants("x", body("return a.sum(dim=0)"))
    assert len({mutant.source for mutant in found}) == len(found)
    assert changes(body("while True:\n    pass"), "dropped-statement") != []
    assert changes(body("x = 1 * 1"), "dropped-factor") != changes(body("x = 1 * 1"))


def test_every_mutant_compiles_and_says_where_it_is():
    source = dedent('''
        """Idea."""

        import torch

        LIMIT = 3


        class Cell:
            """A cell."""

            def step(self, x, *, scale=2.0):
                """One step."""

                def inner(y):
                    return y + 1

                try:
                    total = sum(inner(value) for value in x if value > 0)
                except TypeError:
                    total = 0
                else:
                    total *= scale
                return total if total < LIMIT else -total
    ''')
    found = mutants("cell", source)
    for mutant in found:
        compile(mutant.source, "mutant", "exec")
        assert ast_line(source, mutant.line)
    assert {mutant.inside for mutant in found} == {"", "step", "step.inner"}
    assert len({mutant.id for mutant in found}) == len(found)
    assert [mutant.id for mutant in mutants("cell", source)] == [mutant.id for mutant in found]


def ast_line(source, number):
    return source.splitlines()[number - 1].strip()


def test_diff_and_description_show_the_change():
    (mutant,) = [mutant for mutant in mutants("x", body("return a * b")) if mutant.operator == "arithmetic"]
    assert mutant.diff == "@@ line 6, f @@\n- return a * b\n+ return a / b\n"
    assert mutant.description == "return a * b  →  return a / b"
    assert mutant.id.startswith("x:6:arithmetic:")
