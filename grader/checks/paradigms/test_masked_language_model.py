"""The references are the exact probabilities of each outcome, and F.cross_entropy with ignore_index."""

import pytest
import torch
import torch.nn.functional as F

from grader.compare import assert_between, assert_same, assert_same_gradient, assert_true

VOCAB, MASK = 14, 9
SPECIAL = [2, 3, 9, 12]  # padding, two separators and the mask, not all in one place
ORDINARY = [token for token in range(VOCAB) if token not in SPECIAL]
SIGMAS = 6.5  # a normal number strays this far once in 10^10


def generator_of(worker, draw, device):
    return worker.torch.Generator(device=device).manual_seed(draw.integers(0, 2**31, ()).item())


def sentences(draw, batch, length, special=True):
    """Random tokens; with some special ones among them, or with none."""
    if special:
        return draw.integers(0, VOCAB, (batch, length))
    return torch.tensor(ORDINARY)[draw.integers(0, len(ORDINARY), (batch, length))]


def close(count, n, p, what):
    """A count of n independent events of probability p."""
    spread = SIGMAS * (n * p * (1 - p)) ** 0.5
    assert_between(float(count), n * p - spread, n * p + spread, what)


@pytest.mark.parametrize("rate", [0.5, 0.15, 1.0])
def test_chosen_positions(answer, draw, worker, device, rate):
    """Targets at chosen positions only, special tokens never chosen
    只有选中的位置有目标，特殊词元从不选中"""
    tokens = sentences(draw, 12, 30)
    inputs, targets = answer.mask_tokens(tokens, SPECIAL, VOCAB, MASK, generator_of(worker, draw, device), rate)
    assert_same((inputs.dtype, targets.dtype), (torch.int64, torch.int64), "dtypes of inputs and targets")
    assert_same((tuple(inputs.shape), tuple(targets.shape)), ((12, 30), (12, 30)), "shapes of inputs and targets")
    chosen = targets != -100
    is_special = torch.isin(tokens, torch.tensor(SPECIAL))
    assert_same(targets[chosen], tokens[chosen], "targets at the chosen positions")
    assert_same(inputs[~chosen], tokens[~chosen], "inputs at the other positions")
    assert_same(int((chosen & is_special).sum()), 0, "chosen positions that hold a special token")
    if rate == 1.0:
        assert_same(chosen, ~is_special, "chosen positions at rate 1")


@pytest.mark.after("test_chosen_positions")
def test_independence(answer, draw, worker, device):
    """Positions are chosen independently
    各位置独立选取"""
    tokens = sentences(draw, 200, 200, special=False)
    _, targets = answer.mask_tokens(tokens, SPECIAL, VOCAB, MASK, generator_of(worker, draw, device), 0.3)
    chosen = (targets != -100).double()
    for dim, what in ((1, "rows"), (0, "columns")):
        counts = chosen.sum(dim=dim)
        # 200 independent counts: 200 times this ratio is nearly chi-square of 199 degrees, beyond these bounds less than once in 10^10
        assert_between(
            counts.var().item() / (200 * 0.3 * 0.7), 0.4, 1.9, f"variance of the {what}' counts of chosen positions, over that of independent choices"
        )


@pytest.mark.after("test_chosen_positions")
def test_rate(answer, draw, worker, device):
    """How many positions are chosen
    选中多少位置"""
    tokens, generator = sentences(draw, 100, 150, special=False), generator_of(worker, draw, device)
    for rate in (0.15, 0.4, 0.0):
        _, targets = answer.mask_tokens(tokens, SPECIAL, VOCAB, MASK, generator, rate)
        close((targets != -100).sum(), tokens.numel(), rate, f"chosen positions of 15,000 at rate {rate:g}")
    _, targets = answer.mask_tokens(tokens, SPECIAL, VOCAB, MASK, generator)
    close((targets != -100).sum(), tokens.numel(), 0.15, "chosen positions of 15,000 by default")


@pytest.mark.after("test_rate")
def test_fates(answer, draw, worker, device):
    """80 % mask, 10 % random, 10 % unchanged
    80% 换成掩码，10% 随机，10% 不变"""
    tokens = sentences(draw, 100, 200, special=False)
    inputs, _ = answer.mask_tokens(tokens, SPECIAL, VOCAB, MASK, generator_of(worker, draw, device), 0.5)
    rate, same = 0.5, 1 / len(ORDINARY)  # a random token is the old one now and then
    close((inputs == MASK).sum(), tokens.numel(), 0.8 * rate, "inputs that are the mask token")
    changed = (inputs != MASK) & (inputs != tokens)
    close(changed.sum(), tokens.numel(), 0.1 * (1 - same) * rate, "inputs that are another ordinary token")


@pytest.mark.after("test_fates")
def test_random_tokens(answer, draw, worker, device):
    """The random tokens: uniform, never special
    随机词元：均匀分布，绝无特殊词元"""
    tokens = torch.full((100, 200), ORDINARY[2])
    inputs, _ = answer.mask_tokens(tokens, SPECIAL, VOCAB, MASK, generator_of(worker, draw, device), 1.0)
    counts = torch.bincount(inputs.flatten(), minlength=VOCAB)
    assert_same(len(counts), VOCAB, "the largest token of the inputs, plus 1")
    for token in range(VOCAB):
        share = 0.8 if token == MASK else 0.0 if token in SPECIAL else 0.1 / len(ORDINARY) + 0.1 * (token == ORDINARY[2])
        close(counts[token], 20_000, share, f"how often token {token} is the input, when all tokens were {ORDINARY[2]}")


@pytest.mark.after("test_chosen_positions")
def test_generator(answer, draw, worker, device):
    """All randomness comes from the generator
    随机性全部来自 generator"""
    tokens, seed = sentences(draw, 20, 40), draw.integers(0, 2**31, ()).item()
    results = []
    for number in range(2):
        worker.seed(number)
        generator = worker.torch.Generator(device=device).manual_seed(seed)
        results.append([answer.mask_tokens(tokens, SPECIAL, VOCAB, MASK, generator, 0.5) for _ in range(2)])
    assert_same(results[1], results[0], "two calls with a generator of the same seed")
    # some 280 positions chosen with probability 0.5 or more
    differ = not torch.equal(results[0][0][1], results[0][1][1])
    assert_true(
        differ, "targets", "a second call with the same generator chooses the same positions", "用同一个 generator 再次调用，选中的位置完全相同"
    )


@pytest.mark.after("test_generator")
def test_epochs(answer, draw, worker, device):
    """masked_epochs: masked anew in each epoch
    masked_epochs：每一轮重新遮盖"""
    tokens = sentences(draw, 50, 80, special=False)
    pairs = answer.masked_epochs(tokens, 4, SPECIAL, VOCAB, MASK, generator_of(worker, draw, device))
    assert_same(len(pairs), 4, "len(masked_epochs(tokens, 4, ...))")
    for inputs, targets in pairs:
        chosen = targets != -100
        assert_same(targets[chosen], tokens[chosen], "targets of an epoch")
        assert_same(inputs[~chosen], tokens[~chosen], "inputs of an epoch where nothing is chosen")
        close(chosen.sum(), 4000, 0.15, "chosen positions of an epoch")
        close((inputs == MASK).sum(), 4000, 0.12, "mask tokens in an epoch")
    replaced = sum(int(((inputs != tokens) & (inputs > MASK)).sum()) for inputs, _ in pairs)
    assert_between(replaced, 1, 16_000, f"random tokens above {MASK} in 4 epochs")  # some 65 are expected
    ever = torch.stack([targets != -100 for _, targets in pairs]).any(dim=0)
    close(ever.sum(), 4000, 1 - 0.85**4, "positions chosen in at least one of 4 epochs")
    assert_same(answer.masked_epochs(tokens, 0, SPECIAL, VOCAB, MASK, generator_of(worker, draw, device)), [], "masked_epochs(tokens, 0, ...)")


def some_targets(draw, batch, length, vocab):
    """Targets in some places, in a different number for each row; token 0 among them."""
    targets = draw.integers(0, vocab, (batch, length))
    targets[:, 1] = 0
    for row in range(batch):
        targets[row, draw.permutation(length - 2)[: row % (length - 2) + 1] + 2] = -100
    return targets


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 7, 5), (1, 4, 9), (5, 6, 2)], ids=str)
def test_loss(answer, draw, shape, dtype):
    """mlm_loss: the mean over all positions with a target
    mlm_loss：对所有有目标的位置取平均"""
    logits, targets = 3 * draw.normal(*shape, dtype=dtype), some_targets(draw, *shape)
    assert_same(answer.mlm_loss(logits, targets), F.cross_entropy(logits.flatten(0, 1), targets.flatten()), "mlm_loss(logits, targets)")
    single = torch.full_like(targets, -100)
    single[-1, 2] = 1
    assert_same(answer.mlm_loss(logits, single), F.cross_entropy(logits[-1, 2], single[-1, 2]), "mlm_loss(logits, one target)")


@pytest.mark.after("test_loss")
def test_loss_gradient(answer, draw, worker):
    """mlm_loss: gradient, zero where there is no target
    mlm_loss：梯度，没有目标处为零"""
    logits, targets = draw.normal(3, 7, 5, dtype=torch.float64), some_targets(draw, 3, 7, 5)

    def reference(logits, targets):
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())

    assert_same_gradient(answer.mlm_loss, reference, (logits, targets), 0, "mlm_loss(logits, targets)", worker=worker)
    huge = 1e4 * logits
    assert_same(answer.mlm_loss(huge, targets), reference(huge, targets), "mlm_loss(1e4 * logits, targets)")


@pytest.mark.after("test_loss")
def test_nothing_to_predict(answer, draw, worker):
    """mlm_loss: no target at all gives zero
    mlm_loss：没有任何目标时为零"""
    logits, targets = draw.normal(2, 3, 5), torch.full((2, 3), -100)
    assert_same(answer.mlm_loss(logits, targets), torch.tensor(0.0), "mlm_loss(logits, no targets)")
    zero = lambda logits, _targets: (0 * logits).sum()  # noqa: E731 - a reference of one line
    assert_same_gradient(answer.mlm_loss, zero, (logits, targets), 0, "mlm_loss(logits, no targets)", worker=worker)
