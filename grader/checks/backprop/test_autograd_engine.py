"""The same expression is written once, for the learner's Values and for float64 tensors, and the two are compared."""

import math

import pytest
import torch

from grader.compare import assert_fast, assert_raises, assert_same, assert_true


def tensors(numbers):
    return [torch.tensor(float(number), dtype=torch.float64, requires_grad=True) for number in numbers]


def compare(answer, expression, numbers, what):
    """Value and gradients of expression(*numbers), sent operation by operation."""
    leaves, references = [answer.Value(number) for number in numbers], tensors(numbers)
    output, reference = expression(*leaves), expression(*references)
    assert_same(output.data, reference.item(), f"({what}).data")
    output.backward()
    expected = torch.autograd.grad(reference, references, materialize_grads=True)
    for name, leaf, gradient in zip("abcd", leaves, expected, strict=False):
        assert_same(leaf.grad, gradient.item(), f"{name}.grad, {what}")


BINARY = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a / b": lambda a, b: a / b,
}
UNARY = {
    "-a": lambda a: -a,
    "a.exp()": lambda a: a.exp(),
    "a.tanh()": lambda a: a.tanh(),
    "a.relu()": lambda a: a.relu(),
    "a.log()": lambda a: a.log(),
}
CONSTANT_RIGHT = {
    "a + 2": lambda a: a + 2,
    "a - 2": lambda a: a - 2,
    "a * 3": lambda a: a * 3,
    "a / 4": lambda a: a / 4,
    "a + 0.5": lambda a: a + 0.5,
    "a - 0.5": lambda a: a - 0.5,
    "a * -1.5": lambda a: a * -1.5,
    "a / 0.3": lambda a: a / 0.3,
}
CONSTANT_LEFT = {
    "2 + a": lambda a: 2 + a,
    "2 - a": lambda a: 2 - a,
    "3 * a": lambda a: 3 * a,
    "4 / a": lambda a: 4 / a,
    "0.5 + a": lambda a: 0.5 + a,
    "0.5 - a": lambda a: 0.5 - a,
    "-1.5 * a": lambda a: -1.5 * a,
    "-0.3 / a": lambda a: -0.3 / a,
    "sum([a])": lambda a: sum([a]),
}
SHARED = {
    "a + a": lambda a: a + a,
    "a * a": lambda a: a * a,
    "a - a": lambda a: a - a,
    "a / a": lambda a: a / a,
}


def early_and_late(a, b):
    return a * b + a


def two_users(a, b):
    return (a + b) * (a - b)


def diamond(a, b):
    c = a * b  # reached by paths of different lengths
    d = c.tanh()
    e = d * a
    f = e - b
    g = f * f + e
    return g * c + d / (c * c + 1) + c


def crossing(a, b):
    c = a + b
    d = c * c
    return c + d * c * (d + c).tanh()


def summed(a, b):
    return sum([a, b * 2, a, b, a])


def random_graph(leaves, steps):
    """Each step names an operation and the positions, from the end, of the nodes it works on."""
    nodes = list(leaves)
    for operation, i, j in steps:
        x, y = nodes[-i], nodes[-j]
        if operation == "+":
            nodes.append(x + y)
        elif operation == "-":
            nodes.append(x - y)
        elif operation == "*":
            nodes.append((x * y).tanh())
        elif operation == "/":
            nodes.append(x / (y * y + 1.5))
        elif operation == "**":
            nodes.append((x**2 + 1) ** 0.5)
        elif operation == "exp":
            nodes.append(1 - x.tanh().exp())
        elif operation == "log":
            nodes.append((2 + x * x).log())
        else:
            nodes.append(0.1 + x.relu())
    return nodes


def gradients_of_random_graph(leaves, steps, random_graph):
    nodes = random_graph(leaves, steps)
    total = sum(nodes[-3:])
    total.backward()
    return total.data, [node.grad for node in nodes], total.grad


def chain(x, depth):
    y = x
    for _ in range(depth // 4):
        y = (y * 0.9999 + x * 0.0003 - 0.0001).relu()
    return y


def deep(make, start, depth, chain):
    x = make(start)
    y = chain(x, depth)
    y.backward()
    return y.data, x.grad


def doublings(make, times):
    x = make(1.0)
    y = x
    for _ in range(times):
        y = y + y
    y.backward()
    return x.grad


def wide(make, terms):
    x, y = make(0.5), make(-2.0)
    sums = [x * k + y for k in range(terms)]
    while len(sums) > 1:
        sums = [sum(sums[i : i + 4]) for i in range(0, len(sums), 4)]
    sums[0].backward()
    return x.grad, y.grad


def assign_between_calls(make, first, second):
    a, b = make(first), make(second)
    output = a * b + b
    a.grad = 10.0
    output.grad = 5.0
    output.backward()
    before = [a.grad, b.grad, output.grad]
    a.grad = b.grad = 0.0
    a.data = 2 * second
    again = (a * b).tanh()
    again.backward()
    return before, [a.grad, b.grad, again.data]


def train(make, weights, samples, steps, rate):
    """Gradient descent on a 2-3-1 tanh network, written with Values alone."""
    parameters = [make(weight) for weight in weights]
    losses = []
    for _ in range(steps):
        loss = 0
        for x, y, target in samples:
            hidden = [(parameters[3 * k] * x + y * parameters[3 * k + 1] + parameters[3 * k + 2]).tanh() for k in range(3)]
            output = sum(parameters[9 + k] * hidden[k] for k in range(3)) + parameters[12]
            loss = loss + (target - output) ** 2
        loss = loss / len(samples)
        for parameter in parameters:
            parameter.grad = 0.0
        loss.backward()
        losses.append(loss.data)
        for parameter in parameters:
            parameter.data -= rate * parameter.grad
    return losses, [parameter.data for parameter in parameters]


def numbers(draw, n, away=0.3):
    """n numbers of either sign, none near 0."""
    magnitude = draw.uniform(n, low=away, high=2.0, dtype=torch.float64)
    return (magnitude * (1 - 2 * draw.boolean(n).double())).tolist()


@pytest.mark.parametrize("number", [3, -2.5, 0])
def test_value(answer, number):
    """A new Value: data and grad are floats
    新建的 Value：data 与 grad 都是浮点数"""
    value = answer.Value(number)
    assert_same(value.data, float(number), f"Value({number}).data")
    for name, attribute in (("data", value.data), ("grad", value.grad)):
        what = f"Value({number}).{name}"
        assert_true(isinstance(attribute, float), what, f"it is no float: {attribute!r}", f"它不是浮点数：{attribute!r}")
    assert_same(value.grad, 0.0, f"Value({number}).grad")


@pytest.mark.parametrize("what", BINARY)
def test_two_values(answer, draw, what):
    """+ - * / of two Values
    两个 Value 的 + - * /"""
    for _ in range(3):
        compare(answer, BINARY[what], numbers(draw, 2), what)


@pytest.mark.parametrize("what", UNARY)
def test_functions(answer, draw, what):
    """-v, exp, log, tanh and relu
    取负、exp、log、tanh 与 relu"""
    (positive,) = draw.uniform(1, low=0.3, high=2.0, dtype=torch.float64).tolist()
    compare(answer, UNARY[what], [positive], what)
    compare(answer, lambda a: UNARY[what](a) * 3, [positive], f"{what} * 3")
    if what != "a.log()":
        compare(answer, UNARY[what], [-positive], what)
        compare(answer, lambda a: UNARY[what](a) * 3, [-positive], f"{what} * 3")


@pytest.mark.parametrize("what", CONSTANT_RIGHT)
def test_constant_on_the_right(answer, draw, what):
    """A constant on the right: v - 2
    右侧为常数：v - 2"""
    compare(answer, CONSTANT_RIGHT[what], numbers(draw, 1), what)


@pytest.mark.parametrize("what", CONSTANT_LEFT)
def test_constant_on_the_left(answer, draw, what):
    """A constant on the left: 2 - v
    左侧为常数：2 - v"""
    compare(answer, CONSTANT_LEFT[what], numbers(draw, 1), what)


@pytest.mark.parametrize("exponent", [2, 3, -1, -2, 1, 4.0, 0])
def test_whole_powers(answer, draw, exponent):
    """Whole powers of numbers of either sign
    正数与负数的整数次幂"""
    for number in numbers(draw, 3):
        compare(answer, lambda a: a**exponent * 2, [number], f"a ** {exponent} * 2")


@pytest.mark.parametrize("exponent", [0.5, -1.5, 2.7])
def test_fractional_powers(answer, draw, exponent):
    """Fractional powers of positive numbers
    正数的分数次幂"""
    (number,) = draw.uniform(1, low=0.3, high=2.0, dtype=torch.float64).tolist()
    compare(answer, lambda a: a**exponent, [number], f"a ** {exponent}")


def test_at_zero(answer):
    """At 0: relu, v ** 0, v ** 1, tanh
    在 0 处：relu、v ** 0、v ** 1、tanh"""
    for what, expression in {
        "a.relu()": lambda a: a.relu(),
        "a ** 1": lambda a: a**1,
        "a ** 2": lambda a: a**2,
        "a.tanh()": lambda a: a.tanh(),
        "a.exp()": lambda a: a.exp(),
        "a ** 0": lambda a: a**0,
    }.items():
        compare(answer, expression, [0], f"{what} at a = 0")


@pytest.mark.parametrize("number", [1000.0, -1000.0, 20.0, 1e-9])
def test_large_and_tiny(answer, number):
    """Large and tiny numbers
    很大与很小的数"""
    compare(answer, lambda a: a.tanh(), [number], f"a.tanh() at a = {number:g}")
    compare(answer, lambda a: a.relu() * 1e12, [number], f"a.relu() * 1e12 at a = {number:g}")
    compare(answer, lambda a: a / 1e12, [number], f"a / 1e12 at a = {number:g}")
    compare(answer, lambda a: (a - number - 700).exp(), [number], "(a - c).exp() at -700")
    compare(answer, lambda a: a**2, [number], f"a ** 2 at a = {number:g}")


def test_operands_keep_their_data(answer, draw):
    """Operands keep their data, unrelated Values their grad
    操作数的 data 不变，无关 Value 的 grad 不变"""
    first, second = numbers(draw, 2)
    a, b, bystander = answer.Value(first), answer.Value(second), answer.Value(1.5)
    a_relative = a * 7
    output = (a * b + b / a - b).tanh() ** 2
    output.backward()
    assert_same([a.data, b.data, bystander.data, a_relative.data], [first, second, 1.5, first * 7], "[a.data, b.data, c.data, (a * 7).data]")
    assert_same([bystander.grad, a_relative.grad], [0.0, 0.0], "[c.grad, (a * 7).grad], neither is an input of the output")


@pytest.mark.parametrize("what", SHARED)
def test_shared_nodes(answer, draw, what):
    """A Value used more than once: a + a
    同一个 Value 被多次使用：a + a"""
    compare(answer, SHARED[what], numbers(draw, 1), what)


@pytest.mark.parametrize("expression", [early_and_late, two_users, summed, diamond, crossing], ids=lambda expression: expression.__name__)
def test_order_of_the_backward_pass(answer, draw, expression):
    """Paths of different lengths to one node
    多条长短不一的路径汇于同一节点"""
    for _ in range(3):
        compare(answer, expression, numbers(draw, 2), f"{expression.__name__}(a, b)")


def test_gradient_of_inner_nodes(answer, draw):
    """Every node on the way gets its gradient, the output 1
    途经的每个节点都有梯度，输出自身为 1"""
    first, second = numbers(draw, 2)
    a, b = answer.Value(first), answer.Value(second)
    inner = a * b
    shifted = inner + 3
    output = shifted * shifted
    assert_same(output.backward(), None, "output.backward()")
    expected = 2 * (first * second + 3)
    grads = [a.grad, b.grad, inner.grad, shifted.grad, output.grad]
    assert_same(grads, [expected * second, expected * first, expected, expected, 1.0], "[a.grad, b.grad, inner.grad, shifted.grad, output.grad]")
    lonely = answer.Value(first)
    lonely.backward()
    assert_same(lonely.grad, 1.0, "v.grad after v.backward()")


def test_second_backward_adds(answer, draw):
    """A second backward() adds the same numbers
    第二次 backward() 会再加一次同样的数"""
    first, second = numbers(draw, 2)
    a, b = answer.Value(first), answer.Value(second)
    inner = a * b
    output = (inner * 0.5).tanh() * inner
    output.backward()
    once = [a.grad, b.grad, inner.grad, output.grad]
    for times in (2, 3):
        output.backward()
        assert_same([a.grad, b.grad, inner.grad, output.grad], [times * grad for grad in once], f"grads after {times} x output.backward()")


def test_two_outputs_share_a_node(answer, draw):
    """Gradients of outputs that share a node add and do not leak
    共用节点的多个输出：梯度相加，互不渗漏"""
    first, second = numbers(draw, 2)
    a, b = answer.Value(first), answer.Value(second)
    inner = a * b
    for output in (inner * 3, inner * inner, inner):
        output.backward()
    x, y = tensors([first, second])
    product = x * y
    (product * 3 + product * product + product).backward()  # gradients add
    assert_same([a.grad, b.grad], [x.grad.item(), y.grad.item()], "[a.grad, b.grad]")


def test_assigned_grad(answer, worker, draw):
    """grad and data may be assigned between calls
    两次调用之间可以给 grad 与 data 赋值"""
    first, second = numbers(draw, 2)
    before, after = worker.define(assign_between_calls)(answer.Value, first, second)
    assert_same(before, [10.0 + second, first + 1, 6.0], "[a.grad, b.grad, output.grad] after grads 10, 0 and 5")
    slope = 1 - math.tanh(2 * second * second) ** 2
    expected = [slope * second, slope * 2 * second, math.tanh(2 * second * second)]
    assert_same(after, expected, "[a.grad, b.grad, output.data] after grads 0 and a new a.data")


def test_many_paths(answer, worker):
    """A graph of a few nodes and a million paths
    节点寥寥、路径百万的图"""
    run = worker.define(doublings)
    with worker.timed() as clock:
        grad = run(answer.Value, 20)
    assert_same(grad, 2.0**20, "x.grad after 20 doublings")
    # some 0.1 ms when each node is visited once; half a second or more when each path is
    assert_fast(clock.seconds, 0.15, "backward() through 20 doublings")


def test_many_nodes(answer, worker):
    """A sum of 4,000 terms
    四千项之和"""
    run = worker.define(wide)
    with worker.timed() as clock:
        grads = run(answer.Value, 4000)
    assert_same(list(grads), [4000 * 3999 / 2, 4000.0], "[x.grad, y.grad]")
    # some 0.05 s; a list of visited nodes, searched for each of them, takes two seconds
    assert_fast(clock.seconds, 0.5, "the sum of 4,000 terms and its backward()")


def test_random_graphs(answer, worker, draw):
    """Random graphs of 60 operations
    由 60 个运算组成的随机图"""
    operations = ["+", "-", "*", "/", "**", "exp", "log", "relu"]
    gradients = worker.define(gradients_of_random_graph)
    graph = worker.define(random_graph)
    for _ in range(5):
        starts = numbers(draw, 4)
        steps = [(draw.choice(operations), *(int(k) for k in draw.integers(1, 5, (2,)))) for _ in range(60)]
        references = tensors(starts)
        nodes = random_graph(references, steps)
        total = sum(nodes[-3:])
        expected = torch.autograd.grad(total, nodes, materialize_grads=True)
        data, grads, own = gradients([answer.Value(start) for start in starts], steps, graph)
        # 1e-8: sixty operations in a row, each rounded
        assert_same(data, total.item(), "output.data", rtol=1e-8)
        assert_same(grads, [gradient.item() for gradient in expected], "[node.grad for node in nodes]", rtol=1e-8, atol=1e-9)
        assert_same(own, 1.0, "output.grad")


@pytest.mark.after("test_many_nodes")
def test_deep_graph(answer, worker, draw):
    """A graph 10,000 deep
    深度为 10,000 的图"""
    (start,) = draw.uniform(1, low=0.5, high=1.0, dtype=torch.float64).tolist()
    data, grad = worker.define(deep)(answer.Value, start, 10_000, worker.define(chain))
    expected, slope = start, 1.0
    for _ in range(10_000 // 4):
        expected, slope = expected * 0.9999 + start * 0.0003 - 0.0001, slope * 0.9999 + 0.0003  # stays positive: relu lets it pass
    # 1e-8: ten thousand operations in a row, each rounded
    assert_same(data, expected, "output.data", rtol=1e-8)
    assert_same(grad, slope, "x.grad", rtol=1e-8)


@pytest.mark.parametrize("operand", ["2", None, [1.0]], ids=repr)
def test_other_operands(answer, operand):
    """Other operands raise TypeError
    其他类型的操作数抛出 TypeError"""
    value = answer.Value(2.0)
    for operation in (
        lambda: value + operand,
        lambda: value - operand,
        lambda: value * operand,
        lambda: value / operand,
        lambda: operand + value,
        lambda: operand - value,
        lambda: operand * value,
        lambda: operand / value,
        lambda: value**operand,
    ):
        assert_raises(TypeError, operation)
    assert_raises(TypeError, lambda: value ** answer.Value(3.0))


def test_outside_the_domain(answer):
    """Division by 0 and logarithms of what is not positive
    除以 0 与非正数的对数"""
    zero, one = answer.Value(0.0), answer.Value(1.0)
    assert_raises(ZeroDivisionError, lambda: one / zero)
    assert_raises(ZeroDivisionError, lambda: one / 0)
    assert_raises(ZeroDivisionError, lambda: 1 / zero)
    assert_raises(ValueError, zero.log)
    assert_raises(ValueError, answer.Value(-1.0).log)


def test_training(answer, worker, draw):
    """A network of 13 weights learns for 25 steps as it does in PyTorch
    13 个权重的小网络训练 25 步，与 PyTorch 一致"""
    weights = draw.normal(13, dtype=torch.float64)
    samples = draw.normal(6, 3, dtype=torch.float64)
    losses, final = worker.define(train)(answer.Value, weights.tolist(), samples.tolist(), 25, 0.1)

    reference, expected = weights.clone(), []
    for _ in range(25):
        reference.requires_grad_()
        inner = reference[:9].view(3, 3)
        hidden = torch.tanh(samples[:, :2] @ inner[:, :2].T + inner[:, 2])
        loss = (samples[:, 2] - hidden @ reference[9:12] - reference[12]).square().mean()
        (slope,) = torch.autograd.grad(loss, reference)
        expected.append(loss.item())
        reference = reference.detach() - 0.1 * slope
    # 1e-6: twenty-five steps carry the rounding of each on
    assert_same(losses, expected, "losses", rtol=1e-6)
    assert_same(final, reference.tolist(), "weights after 25 steps", rtol=1e-6, atol=1e-8)
    assert_true(losses[-1] < losses[0], "losses", "the loss does not fall", "损失没有下降")
