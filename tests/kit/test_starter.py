"""What a learner begins with, cut from the model answer."""

from textwrap import dedent

import pytest

from kit.starter import cut, given_lines


def starter(source: str) -> str:
    return cut(dedent(source).lstrip())


def expect(source: str, cut_source: str) -> None:
    result = starter(source)
    assert result == dedent(cut_source).lstrip()
    compile(result, "starter.py", "exec")


def test_body_becomes_your_turn_and_signature_and_docstring_stay():
    expect(
        '''
        """The trick is to subtract the maximum."""

        import math  # for pi

        import torch
        from torch import Tensor


        @torch.no_grad()
        def logsumexp(
            x: Tensor,  # (batch, classes)
            *,
            dim: int = -1,
        ) -> Tensor:
            """Stable.

            x: (batch, classes).
            """
            # the maximum cancels
            m = x.max()

            return m + (x - m).exp().sum(dim).log()
        ''',
        '''
        import math  # for pi

        import torch
        from torch import Tensor


        @torch.no_grad()
        def logsumexp(
            x: Tensor,  # (batch, classes)
            *,
            dim: int = -1,
        ) -> Tensor:
            """Stable.

            x: (batch, classes).
            """
            raise NotImplementedError("your turn")
        ''',
    )


def test_private_helpers_and_unmarked_constants_vanish():
    expect(
        """
        import math

        SCALE = math.pi
        EPSILON = 1e-5  # given


        def _helper(x):
            return x


        class _Hidden:
            pass


        # what a learner should know
        def shown(x):
            return _helper(x)


        if __name__ == "__main__":
            shown(1)
        """,
        """
        import math

        EPSILON = 1e-5


        # what a learner should know
        def shown(x):
            raise NotImplementedError("your turn")
        """,
    )


def test_classes_keep_docstrings_fields_and_nested_classes():
    expect(
        '''
        from dataclasses import dataclass


        @dataclass(frozen=True)
        class Cell(Base, metaclass=Meta):
            """A cell."""

            size: int
            _cache: int = 0
            forget_bias: float = 1.0
            secret = 3

            class Gate:
                """A gate."""

                def open(self):
                    return 1

            def __init__(self, size):
                self.size = size

            @property
            def double(self) -> int:
                """Twice."""
                return 2 * self.size

            def _step(self):
                return 0
        ''',
        '''
        from dataclasses import dataclass


        @dataclass(frozen=True)
        class Cell(Base, metaclass=Meta):
            """A cell."""

            size: int
            forget_bias: float = 1.0

            class Gate:
                """A gate."""

                def open(self):
                    raise NotImplementedError("your turn")

            def __init__(self, size):
                raise NotImplementedError("your turn")

            @property
            def double(self) -> int:
                """Twice."""
                raise NotImplementedError("your turn")
        ''',
    )


def test_given_statements_stay_and_the_first_gap_asks():
    expect(
        """
        class Model(Module):
            def __init__(self, n):
                super().__init__()  # given
                self.w = n
                self.b = n

                # so that it can be printed
                self.n = n  # given
        """,
        """
        class Model(Module):
            def __init__(self, n):
                super().__init__()
                raise NotImplementedError("your turn")

                # so that it can be printed
                self.n = n
        """,
    )


@pytest.mark.parametrize(
    "first_lines",
    ["def _load(x):  # given", "def _load(  # given\n    x,\n):", "def _load(\n    x,\n):  # given", "@cache  # given\ndef _load(x):"],
    ids=["one line", "first of several", "last of several", "decorator"],
)
def test_whole_definition_given(first_lines):
    body = "\n    # why\n    return [\n        x,  # one\n    ]\n\n\ndef f():\n"
    result = cut(f"{first_lines}{body}    return 1\n")
    assert result == f'{first_lines.replace("  # given", "")}{body}    raise NotImplementedError("your turn")\n'


def test_given_class_stays_whole_and_a_given_method_in_a_class_that_is_not():
    expect(
        """
        class Node:  # given
            def __init__(self):
                self.next = None


        class List:
            def __init__(self):  # given
                self.head = None

            def push(self, value):
                self.head = value
        """,
        """
        class Node:
            def __init__(self):
                self.next = None


        class List:
            def __init__(self):
                self.head = None

            def push(self, value):
                raise NotImplementedError("your turn")
        """,
    )


def test_marker_may_follow_another_comment_but_not_stand_in_a_string():
    expect(
        """
        SIZE = 3  # pixels  # given
        TEXT = "# given"


        def f(x):
            return x
        """,
        """
        SIZE = 3  # pixels


        def f(x):
            raise NotImplementedError("your turn")
        """,
    )


def test_bodies_on_the_line_of_the_signature():
    assert cut("def f(x): return x\n") == 'def f(x):\n    raise NotImplementedError("your turn")\n'
    assert cut("class Missing(Exception): pass\n") == "class Missing(Exception): pass\n"


def test_class_without_anything_left_is_still_a_class():
    assert cut("class A:\n    secret = 1\n") == "class A:\n    pass\n"
    assert cut('class A(Exception):\n    """Raised."""\n') == 'class A(Exception):\n    """Raised."""\n'


def test_type_checking_imports_stay():
    source = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from torch import Tensor\n"
    assert cut(source) == source


def test_non_ascii_text_before_a_body_is_measured_in_characters():
    assert cut('def f(x="均值"): return x\n') == 'def f(x="均值"):\n    raise NotImplementedError("your turn")\n'


def test_an_empty_solution_has_an_empty_starter():
    assert cut('"""Only an idea."""\n') == ""


def test_not_python_is_a_syntax_error():
    with pytest.raises(SyntaxError):
        cut("def f(:\n")


def test_cutting_a_starter_changes_nothing():
    once = cut('"""Idea."""\n\nimport torch\n\n\ndef f(x):\n    """Doc."""\n    return x\n\n\nclass A:\n    def g(self):\n        return 1\n')
    assert cut(once) == once


def test_a_body_that_begins_with_the_marker_is_given():
    solution = dedent("""
        def f(x):
            '''What f does.'''
            # given
            return x


        class A:
            def __init__(self):
                # given
                self.x = 1

            def g(self):
                return 2
    """).lstrip()
    assert cut(solution) == dedent("""
        def f(x):
            '''What f does.'''
            return x


        class A:
            def __init__(self):
                self.x = 1

            def g(self):
                raise NotImplementedError("your turn")
    """).lstrip()
    assert given_lines(solution) == {1, 2, 3, 4, 8, 9, 10}


def test_given_lines_cover_decorators_and_bodies():
    assert given_lines("A = 1  # given\nB = 2\n\n\n@cache\ndef f():  # given\n    return 1\n") == {1, 5, 6, 7}
