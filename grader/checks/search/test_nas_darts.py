"""The references are a cell written edge by edge, and autograd through the unrolled step, twice differentiated."""

import pytest
import torch

from grader.compare import assert_same, assert_same_gradient

DOUBLE = torch.float64


def operations():
    """none, identity, and three others that keep the shape."""
    return [lambda x: 0 * x, lambda x: x, lambda x: x.tanh(), lambda x: 1.5 * x.flip(-1), lambda x: x * x]


def here(x, alphas, count):
    """The cell, edge by edge."""
    ops, nodes, edge = operations()[:count], [x], 0
    while edge < len(alphas):
        total = torch.zeros_like(x)
        for source in nodes:
            powers = (alphas[edge] - alphas[edge].max().detach()).exp()
            for o in range(count):
                total = total + powers[o] / powers.sum() * ops[o](source)
            edge += 1
        nodes.append(total)
    return torch.cat(nodes[1:], dim=-1)


@pytest.mark.parametrize(("nodes", "count"), [(1, 3), (2, 5), (3, 4), (4, 2)])
def test_cell(answer, draw, worker, nodes, count):
    """cell: sums of mixtures over all earlier nodes
    cell：对所有先前节点的混合求和"""
    ops = worker.define(operations)()
    for shape in ((3, 4), (2, 2, 3)):
        x, alphas = draw.normal(*shape, dtype=DOUBLE), 2 * draw.normal(nodes * (nodes + 1) // 2, count, dtype=DOUBLE)
        chosen = [ops[o] for o in range(count)]
        assert_same(answer.cell(x, alphas, chosen), here(x, alphas, count), f"cell with {nodes} nodes, {count} operations")


@pytest.mark.after("test_cell")
def test_cell_gradient(answer, draw, worker):
    """cell: gradients of x and alphas
    cell：x 与 alphas 的梯度"""
    ops = worker.define(operations)()
    x, alphas = draw.normal(3, 4, dtype=DOUBLE), draw.normal(6, 4, dtype=DOUBLE)
    chosen = [ops[o] for o in range(4)]
    assert_same_gradient(
        lambda_cell(answer, worker, chosen), lambda x, alphas: here(x, alphas, 4), (x, alphas), (0, 1), "cell(x, alphas)", worker=worker
    )


def lambda_cell(answer, worker, chosen):
    """cell as a function of x and alphas alone, over there."""
    return worker.define(with_operations)(answer.cell, chosen)


def with_operations(cell, chosen):
    return lambda x, alphas: cell(x, alphas, chosen)


def quadratic(a, b, c, d, e):
    """Losses of second degree in w (3, 2) and alpha (4,): what a central difference gets exactly right."""

    def train(w, alpha):
        return (w.flatten() @ a @ alpha) + (w.flatten() @ b @ w.flatten()) + (c * w).sum() + (alpha * alpha).sum()

    def val(w, alpha):
        return ((w - d) * (w - d)).sum() + w.flatten() @ e @ alpha + 0.5 * (alpha * alpha * alpha).sum()

    return train, val


def smooth(a, b, c, d, e):
    """Losses that are not quadratic, nor equal in any way."""

    def train(w, alpha):
        return torch.tanh(w.flatten() @ a @ alpha + (c * w).sum()) + (w * w).sum() * alpha.exp().sum() / 10 + w.flatten() @ b @ w.flatten() / 10

    def val(w, alpha):
        return torch.log1p(((w - d) * (w - d)).sum()) + torch.sin(w.flatten() @ e @ alpha)

    return train, val


def one_sided(a, b, c, d, e):
    """The training loss knows nothing of alpha, the validation loss nothing but alpha."""

    def train(w, alpha):
        return (w * w * c).sum()

    def val(w, alpha):
        return (alpha**3).sum()

    return train, val


def partial(a, b, c, d, e):
    """The validation loss depends on a part of w only."""

    def train(w, alpha):
        return (w.flatten() @ a @ alpha) + (w * w * c).sum()

    def val(w, alpha):
        return ((w - d)[0] * (w - d)[0]).sum() + (alpha * alpha).sum()

    return train, val


def flat(a, b, c, d, e):
    """The training loss depends on both, the validation loss on alpha alone."""

    def train(w, alpha):
        return (w * w * c).sum() * (alpha * alpha).sum()

    def val(w, alpha):
        return (alpha**3).sum()

    return train, val


def problem(draw, worker, kind):
    """Both losses there and here, w and alpha."""
    shapes = (6, 4), (6, 6), (3, 2), (3, 2), (6, 4)
    numbers = [0.5 * draw.normal(*shape, dtype=DOUBLE) for shape in shapes]
    pair = worker.define(kind)(*numbers)
    return (pair[0], pair[1]), kind(*numbers), draw.normal(3, 2, dtype=DOUBLE), draw.normal(4, dtype=DOUBLE)


def exact(losses, w, alpha, xi):
    """The gradient in alpha by differentiating through the step."""
    train, val = losses
    w, alpha = w.clone().requires_grad_(), alpha.clone().requires_grad_()
    (step,) = torch.autograd.grad(train(w, alpha), w, create_graph=True)
    return torch.autograd.grad(val(w - xi * step, alpha), alpha)[0]


@pytest.mark.parametrize("kind", [quadratic, smooth, one_sided])
def test_first_order(answer, draw, worker, kind):
    """alpha_gradient: first order
    alpha_gradient：一阶"""
    there, losses, w, alpha = problem(draw, worker, kind)
    assert_same(answer.alpha_gradient(*there, w, alpha), exact(losses, w, alpha, 0.0), "alpha_gradient(train_loss, val_loss, w, alpha)")


@pytest.mark.after("test_first_order")
@pytest.mark.parametrize("xi", [0.3, 0.05, 1.0])
def test_second_order(answer, draw, worker, xi):
    """alpha_gradient: second order, exact for quadratic losses
    alpha_gradient：二阶，对二次损失精确"""
    for kind in (quadratic, partial):
        there, losses, w, alpha = problem(draw, worker, kind)
        # differences of numbers of size 1 to 100 over 0.01 round at 1e-11
        assert_same(answer.alpha_gradient(*there, w, alpha, xi), exact(losses, w, alpha, xi), f"alpha_gradient(..., xi={xi})", rtol=1e-7, atol=1e-7)


@pytest.mark.after("test_second_order")
def test_second_order_of_smooth_losses(answer, draw, worker):
    """alpha_gradient: second order, other losses
    alpha_gradient：二阶，其他损失"""
    there, losses, w, alpha = problem(draw, worker, smooth)
    w = w / 2
    ahead = w - 0.2 * slope(losses[0], w, alpha)
    v = slope(losses[1], ahead, alpha)
    eps = 0.01 / v.norm()
    above, below = (exact((losses[0], losses[0]), w + sign * eps * v, alpha, 0.0) for sign in (1, -1))
    wanted = exact((losses[1], losses[1]), ahead, alpha, 0.0) - 0.2 * (above - below) / (2 * eps)
    # differences over 0.01 round at 1e-13; another eps shows in the fourth digit
    assert_same(answer.alpha_gradient(*there, w, alpha, 0.2), wanted, "alpha_gradient(..., xi=0.2)", rtol=1e-8, atol=1e-8)


@pytest.mark.after("test_second_order")
def test_nothing_to_look_ahead(answer, draw, worker):
    """alpha_gradient: when the validation loss is flat in w
    alpha_gradient：验证损失对 w 平坦时"""
    for kind in (flat, one_sided):
        there, losses, w, alpha = problem(draw, worker, kind)
        assert_same(answer.alpha_gradient(*there, w, alpha, 0.5), exact_flat(losses, w, alpha), "alpha_gradient(..., xi=0.5)")


def exact_flat(losses, w, alpha):
    alpha = alpha.clone().requires_grad_()
    return torch.autograd.grad(losses[1](w, alpha), alpha)[0]


def has_graph(search_step, train_loss, val_loss, w, alpha):
    w, alpha = w.clone().requires_grad_(), alpha.clone().requires_grad_()
    return [new.requires_grad for new in search_step(train_loss, val_loss, w, alpha, 0.1, 0.2)]


def slope(loss, w, alpha):
    """The gradient of a loss in w."""
    w = w.clone().requires_grad_()
    return torch.autograd.grad(loss(w, alpha), w)[0]


@pytest.mark.after("test_second_order")
@pytest.mark.parametrize("second_order", [False, True], ids=["first", "second"])
def test_search_step(answer, draw, worker, second_order):
    """search_step: alpha by validation, then w by training
    search_step：先用验证更新 alpha，再用训练更新 w"""
    there, losses, w, alpha = problem(draw, worker, quadratic)
    for _ in range(2):
        new_alpha = alpha - 0.2 * exact(losses, w, alpha, 0.1 if second_order else 0.0)
        new_w = w - 0.1 * slope(losses[0], w, new_alpha)
        got = answer.search_step(*there, w, alpha, 0.1, 0.2, second_order)
        assert_same(got, (new_w, new_alpha), f"search_step(..., second_order={second_order})", rtol=1e-8, atol=1e-8)  # as above
        w, alpha = new_w, new_alpha
    assert_same(worker.define(has_graph)(answer.search_step, *there, w, alpha), [False, False], "requires_grad of the new w and alpha")
    if not second_order:
        new_alpha = alpha - 0.3 * exact(losses, w, alpha, 0.0)
        expected = w - 0.1 * slope(losses[0], w, new_alpha), new_alpha
        assert_same(answer.search_step(*there, w, alpha, 0.1, 0.3), expected, "search_step(..., 0.1, 0.3)")


def kept(alphas, names):
    """The edges that are left, by sorting all of a node's candidates."""
    result, edge = [], 0
    weights = (alphas - alphas.amax(dim=1, keepdim=True)).exp()
    weights = (weights / weights.sum(dim=1, keepdim=True)).tolist()
    while edge < len(weights):
        node = len(result) + 1
        best = []
        for source in range(node):
            options = [(-weights[edge + source][o], o) for o in range(len(names)) if names[o] != "none"]
            strength, o = min(options)
            best.append((strength, source, names[o]))
        result.append(sorted((source, name) for _, source, name in sorted(best)[:2]))
        edge += node
    return result


NAMES = ["skip", "none", "conv", "pool"]


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_discretise(answer, draw, nodes):
    """discretise: two edges for each node, never none
    discretise：每个节点留两条边，绝不留 none"""
    for _ in range(4):
        alphas = 2 * draw.normal(nodes * (nodes + 1) // 2, 4, dtype=DOUBLE)
        assert_same(answer.discretise(alphas, NAMES), kept(alphas, NAMES), f"discretise(alphas, {NAMES})")
    alphas[:, 1] += 9.0
    assert_same(answer.discretise(alphas, NAMES), kept(alphas, NAMES), "discretise where none is the heaviest everywhere")
    plain = ["a", "b", "c", "d"]
    assert_same(answer.discretise(alphas, plain), kept(alphas, plain), "discretise without an operation called none")


@pytest.mark.after("test_discretise")
def test_strength(answer, draw):
    """discretise: strength is a weight, not an alpha; equals
    discretise：强度看权重而非 alpha；并列时的取舍"""
    # node 2: edge 0-2 has the larger alphas, but they share; edge 1-2 is decided. Node 3: three edges, of which 2-3 is weak by its none.
    rows = [[0.0, 0.0, 1.0, 0.0], [5.0, 5.0, 5.1, 5.0], [0.0, -4.0, 0.0, 3.0], [1.0, -9.0, 0.0, 0.0], [2.5, -9.0, 0.0, 0.0], [3.0, 4.0, 0.0, 0.0]]
    alphas = torch.tensor(rows, dtype=DOUBLE) + draw.normal(6, 1, dtype=DOUBLE)  # moving a whole row changes nothing
    assert_same(
        answer.discretise(alphas, NAMES), [[(0, "conv")], [(0, "conv"), (1, "pool")], [(0, "skip"), (1, "skip")]], "discretise(alphas, names)"
    )
    even = torch.zeros(6, 4, dtype=DOUBLE)
    assert_same(answer.discretise(even, NAMES), [[(0, "skip")], [(0, "skip"), (1, "skip")], [(0, "skip"), (1, "skip")]], "discretise(zeros, names)")
