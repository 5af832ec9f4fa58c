"""The references are torch.rot90 and loops over tiles; masks are counted exactly."""

import itertools

import pytest
import torch

from grader.compare import assert_between, assert_same, assert_same_gradient, assert_true

F64 = torch.float64


@pytest.mark.parametrize(("n", "channels", "side"), [(3, 2, 4), (1, 1, 3), (5, 1, 2)])
def test_rotation_batch(answer, draw, n, channels, side):
    """rotation_batch: images and labels in one order
    rotation_batch：图像与标签同序"""
    images = draw.normal(n, channels, side, side)
    turned = torch.stack([torch.rot90(image, k, (1, 2)) for k in range(4) for image in images])
    labels = torch.tensor([k for k in range(4) for _ in range(n)])
    assert_same(answer.rotation_batch(images), (turned, labels), "rotation_batch(images)")


def reference_far(candidates, count):
    rows, chosen = candidates.tolist(), [0]
    while len(chosen) < count:
        smallest = [min(sum(a != b for a, b in zip(row, rows[c], strict=True)) for c in chosen) for row in rows]
        chosen.append(smallest.index(max(smallest)))
    return candidates[chosen]


@pytest.mark.parametrize(("tiles", "m", "count"), [(4, 24, 6), (5, 60, 12), (9, 30, 8), (4, 7, 7), (4, 5, 1)])
def test_far_permutations(answer, draw, tiles, m, count):
    """far_permutations: the farthest from all chosen
    far_permutations：离所有已选者最远"""
    if tiles < 9:
        everything = torch.tensor(list(itertools.permutations(range(tiles))))
        candidates = everything[draw.permutation(len(everything))[:m]]
    else:
        candidates = torch.stack([draw.permutation(9) for _ in range(m)])
    assert_same(answer.far_permutations(candidates, count), reference_far(candidates, count), f"far_permutations(candidates, {count})")


def reference_patches(images, size):
    n, _, height, width = images.shape
    return torch.stack([
        torch.stack([
            images[i, :, y : y + size, x : x + size].reshape(-1) for y in range(0, height, size) for x in range(0, width, size)
        ]) for i in range(n)
    ])  # fmt: skip


SHAPES = pytest.mark.parametrize(("shape", "size"), [((2, 3, 4, 6), 2), ((3, 1, 6, 3), 3), ((1, 2, 2, 3), 1)], ids=str)


@SHAPES
def test_patchify(answer, draw, shape, size):
    """patchify: rows of tiles
    patchify：逐行的图块"""
    images = draw.normal(*shape)
    assert_same(answer.patchify(images, size), reference_patches(images, size), f"patchify(images, {size})")
    assert_same(answer.patchify(images.transpose(2, 3), size), reference_patches(images.transpose(2, 3), size), "patchify of a view")


@pytest.mark.after("test_patchify")
@SHAPES
def test_jigsaw_batch(answer, draw, shape, size):
    """jigsaw_batch: tiles in the order of the permutation
    jigsaw_batch：按排列重排图块"""
    images, tiles = draw.normal(*shape), shape[2] * shape[3] // size**2
    permutations, labels = torch.stack([draw.permutation(tiles) for _ in range(4)]), draw.permutation(4)[: shape[0]]
    patches = reference_patches(images, size)
    expected = torch.stack([torch.stack([patches[i, place] for place in permutations[label]]) for i, label in enumerate(labels)])
    assert_same(answer.jigsaw_batch(images, size, permutations, labels), expected, "jigsaw_batch(images, size, permutations, labels)")


def masks_of(random_masks, n, patches, ratio, seed, device):
    import torch  # noqa: PLC0415

    generator = torch.Generator(device=device).manual_seed(seed)
    return random_masks(n, patches, ratio, generator), random_masks(n, patches, ratio, generator)


def test_mask_count(answer, draw, worker, device):
    """random_masks: exactly the share in each row
    random_masks：每行恰为给定比例"""
    for patches, ratio in ((16, 0.75), (9, 0.5), (10, 0.28), (7, 0.5), (7, 0.0), (5, 1.0), (49, 0.6)):
        first, _ = worker.define(masks_of)(answer.random_masks, 20, patches, ratio, int(draw.integers(0, 10**6)), device)
        what = f"random_masks(20, {patches}, {ratio:g}, generator)"
        assert_same(list(first.shape), [20, patches], f"{what}.shape")
        assert_same(first.dtype, torch.bool, f"{what}.dtype")
        assert_same(first.sum(dim=1), torch.full((20,), round(ratio * patches)), f"hidden patches in each row of {what}")


@pytest.mark.after("test_mask_count")
def test_mask_chance(answer, draw, worker, device):
    """random_masks: all places alike, rows apart, by the generator
    random_masks：各位置机会均等、各行独立、由生成器决定"""
    seed = int(draw.integers(0, 10**6))
    worker.seed(seed)  # of the global generator, which must play no part
    first, second = worker.define(masks_of)(answer.random_masks, 400, 8, 0.25, seed, device)
    again, _ = worker.define(masks_of)(answer.random_masks, 400, 8, 0.25, seed, device)
    assert_same(again, first, "random_masks with the same seed")
    assert_true(bool((first != second).any()), "random_masks", "two calls hide the same patches", "两次调用遮住了相同的图块")
    share = first.double().mean(dim=0)  # 400 draws of 1/4: standard deviation 0.022, seven of which are 0.15
    assert_between(share.min().item(), 0.1, 0.25, "how often the rarest patch is hidden, ratio 0.25")
    assert_between(share.max().item(), 0.25, 0.4, "how often the most frequent patch is hidden, ratio 0.25")
    pairs = (first[:, :, None] & first[:, None]).double().mean(dim=0)[torch.triu(torch.ones(8, 8), 1) > 0]
    # each of 28 pairs has the odds 1/28, 14 of 400 draws on average; 48 or more have odds below 1e-11
    assert_between(pairs.max().item(), 0.03, 0.12, "how often the most frequent pair is hidden")


def reference_loss(prediction, target, mask):
    total, count = 0, 0
    for i, j in itertools.product(*map(range, mask.shape)):
        if mask[i, j]:
            total, count = total + ((prediction[i, j] - target[i, j]) ** 2).sum(), count + prediction.shape[2]
    return total / count


@pytest.mark.parametrize("dtype", [F64, torch.float32], ids=str)
def test_masked_loss(answer, draw, worker, dtype):
    """masked_loss: hidden patches only
    masked_loss：只计被遮住的图块"""
    prediction, target = draw.normal(3, 5, 4, dtype=dtype), draw.normal(3, 5, 4, dtype=dtype)
    mask = draw.boolean(3, 5)
    mask[0], mask[1, :2] = torch.tensor([True, False, False, False, False]), torch.tensor([True, False])
    assert_same(answer.masked_loss(prediction, target, mask), reference_loss(prediction, target, mask), "masked_loss(prediction, target, mask)")
    inputs = prediction, target, mask
    assert_same_gradient(answer.masked_loss, reference_loss, inputs, 0, "gradient of masked_loss", worker=worker)
    spoilt = prediction.masked_fill(~mask[:, :, None], torch.nan)
    assert_same(answer.masked_loss(spoilt, target, mask), reference_loss(prediction, target, mask), "masked_loss, nan in visible patches")
    inputs = spoilt, target, mask
    assert_same_gradient(answer.masked_loss, reference_loss, inputs, 0, "gradient of masked_loss, nan in visible patches", worker=worker)
