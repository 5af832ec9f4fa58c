"""The references are the closed form of ridge regression, loops over ratings and places, and F.logsigmoid."""

import math

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_same, assert_same_gradient

F64 = torch.float64


def fresh(draw, users=4, items=5, d=3):
    return [2.5, *(draw.normal(*shape, dtype=F64) for shape in ((users,), (items,), (users, d), (items, d)))]


def reference_epoch(parts, ratings, learning_rate, decay):
    mean, a, b, P, Q = parts[0], *(part.clone() for part in parts[1:])
    for u, i, rating in ratings:
        e = rating - mean - a[u].item() - b[i].item() - (P[u] * Q[i]).sum().item()
        steps = e - decay * a[u], e - decay * b[i], e * Q[i] - decay * P[u], e * P[u] - decay * Q[i]
        for part, place, step in zip((a, b, P, Q), (u, i, u, i), steps, strict=True):
            part[place] = part[place] + learning_rate * step
    return [mean, a, b, P, Q]


def epoch(module, parts, ratings, learning_rate, decay):
    return list(module.sgd_epoch(module.Factors(*parts), ratings, learning_rate=learning_rate, decay=decay))


@pytest.mark.parametrize("n", [1, 12])
def test_sgd_epoch(answer, draw, worker, n):
    """sgd_epoch: rating by rating
    sgd_epoch：逐个评分"""
    parts = fresh(draw)
    ratings = [
        (int(u), int(i), float(r))
        for u, i, r in zip(draw.integers(0, 4, (n,)), draw.integers(0, 5, (n,)), draw.uniform(n, low=1, high=5), strict=True)
    ]
    for learning_rate, decay in ((0.1, 0.02), (0.05, 0.5)):
        found = worker.define(epoch)(answer, parts, ratings, learning_rate, decay)
        assert_same(
            found, reference_epoch(parts, ratings, learning_rate, decay), f"sgd_epoch of {n} ratings: mean, user_bias, item_bias, users, items"
        )


def reference_als(ratings, known, items, decay):
    rows = []
    for row, mask in zip(ratings, known, strict=True):
        Q = items[mask]
        rows.append(torch.linalg.solve(Q.T @ Q + decay * torch.eye(items.shape[1], dtype=F64), Q.T @ row[mask]))
    return torch.stack(rows)


def test_als_users(answer, draw):
    """als_users: the closed form for each user
    als_users：每个用户的闭式解"""
    ratings, known, items = draw.uniform(6, 8, low=1, high=5, dtype=F64), draw.boolean(6, 8, p=0.6), draw.normal(8, 3, dtype=F64)
    known[0], known[1], known[2] = False, torch.arange(8) == 5, True
    assert_same(answer.als_users(ratings, known, items, 0.7), reference_als(ratings, known, items, 0.7), "als_users(ratings, known, items, 0.7)")
    blank = ratings.masked_fill(~known, 0.0)
    assert_same(answer.als_users(blank, known, items, 0.1), reference_als(ratings, known, items, 0.1), "als_users, zeros where nothing is known")


def reference_bpr(positive, negative):
    return -F.logsigmoid(positive - negative).mean()


@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
def test_bpr_loss(answer, draw, worker, dtype):
    """bpr_loss: value, gradients, huge differences
    bpr_loss：数值、梯度与极大的差"""
    positive, negative = 2 * draw.normal(7, dtype=dtype), 2 * draw.normal(7, dtype=dtype)
    assert_same(answer.bpr_loss(positive, negative), reference_bpr(positive, negative), "bpr_loss(positive, negative)")
    assert_same_gradient(answer.bpr_loss, reference_bpr, (positive, negative), (0, 1), "gradient of bpr_loss", worker=worker)
    for scale in (5000.0, -5000.0):
        pair = scale + positive, negative - scale
        assert_same(answer.bpr_loss(*pair), reference_bpr(*pair), "bpr_loss of differences of 10,000")


SHAPES = {
    "user.weight": (6, 3), "item.weight": (7, 3), "hidden.weight": (3, 6), "hidden.bias": (3,), "out.weight": (1, 6), "out.bias": (1,)
}  # fmt: skip


def shapes(model):
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


def run(model, users, items):
    model.zero_grad()
    out = model(users, items)
    (out * out).sum().backward()
    return out.detach(), {name: parameter.grad for name, parameter in model.named_parameters()}


def test_ncf(answer, draw, worker, device):
    """NCF: logits and gradients
    NCF：logits 与梯度"""
    model = answer.NCF(6, 7, 3).double().to(device)
    assert_same(worker.define(shapes)(model), SHAPES, "shapes of NCF(6, 7, 3).state_dict()")
    state = {name: draw.normal(*shape, dtype=F64).requires_grad_() for name, shape in SHAPES.items()}
    model.load_state_dict({name: value.detach() for name, value in state.items()})
    for n in (5, 1):
        users, items = draw.integers(0, 6, (n,)), draw.integers(0, 7, (n,))
        p, q = state["user.weight"][users], state["item.weight"][items]
        deep = (torch.cat([p, q], dim=1) @ state["hidden.weight"].T + state["hidden.bias"]).relu()
        out = (torch.cat([p * q, deep], dim=1) @ state["out.weight"].T + state["out.bias"])[:, 0]
        expected = dict(zip(state, torch.autograd.grad((out * out).sum(), list(state.values())), strict=True))
        assert_same(worker.define(run)(model, users, items), (out.detach(), expected), "NCF(users, items) and gradients")


def test_recommend(answer, draw):
    """recommend: the best unseen items
    recommend：未看过的最佳物品"""
    for sign in (1, -1):
        scores = sign * (draw.normal(6, 9, dtype=F64).abs() + 0.01)
        seen = draw.boolean(6, 9, p=0.5)
        seen[torch.arange(6), scores.argmax(dim=1)] = True  # the very best was seen
        seen[:, :3] &= scores[:, :3] == scores.amax(dim=1, keepdim=True)
        k = int((~seen).sum(dim=1).min())
        rows = [sorted((i for i in range(9) if not seen[u, i]), key=lambda i, u=u: -scores[u, i])[:k] for u in range(6)]
        assert_same(answer.recommend(scores, seen, k), torch.tensor(rows), f"recommend(scores, seen, {k})")


def reference_ndcg(ranking, relevance, k):
    def dcg(gains):
        return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))

    values = []
    for row, gains in zip(ranking.tolist(), relevance.tolist(), strict=True):
        ideal = dcg(sorted(gains, reverse=True)[:k])
        values.append(dcg([gains[i] for i in row[:k]]) / ideal if ideal else 0.0)
    return sum(values) / len(values)


def lists(draw, users=6, items=9, n=5):
    ranking = torch.stack([draw.permutation(items)[:n] for _ in range(users)])
    relevance = draw.integers(0, 4, (users, items)) * draw.boolean(users, items, p=0.4)
    relevance[0] = 0  # nothing is relevant
    relevance[1] = 0
    relevance[1, ranking[1, 3]] = 2  # place 3 only
    relevance[3] = 0
    relevance[3, ranking[3, 0]] = 1  # a gain of 1 is all there is
    relevance[2, next(i for i in range(items) if i not in ranking[2])] = 5  # the best is not in the list
    return ranking, relevance


@pytest.mark.parametrize("k", [1, 3, 5])
def test_ndcg(answer, draw, k):
    """ndcg_at_k: against the best list of all items
    ndcg_at_k：与全部物品的最佳列表相比"""
    ranking, relevance = lists(draw)
    assert_same(answer.ndcg_at_k(ranking, relevance.double(), k), reference_ndcg(ranking, relevance, k), f"ndcg_at_k(ranking, relevance, {k})")
    assert_same(answer.ndcg_at_k(ranking, relevance, k), reference_ndcg(ranking, relevance, k), f"ndcg_at_k, integer relevance, {k}")


@pytest.mark.parametrize("k", [1, 3, 5])
def test_hit_rate(answer, draw, k):
    """hit_rate_at_k: users with a hit
    hit_rate_at_k：命中的用户比例"""
    ranking, relevance = lists(draw)
    hits = sum(any(relevance[u, i] > 0 for i in ranking[u, :k]) for u in range(len(ranking)))
    assert_same(answer.hit_rate_at_k(ranking, relevance.double(), k), hits / len(ranking), f"hit_rate_at_k(ranking, relevance, {k})")
