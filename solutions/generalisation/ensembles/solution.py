"""Models that err in different places correct one another: by voting, or by averaging their weights."""

import math
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

State = dict[str, Tensor]  # given


def bootstrap(n: int, models: int, generator: torch.Generator) -> Tensor:
    """Row numbers for bagging, (models, n) int64: each row of the result holds n draws from 0 ... n - 1, evenly and with replacement.

    All draws come from generator, one of the CPU.
    """
    return torch.randint(0, n, (models, n), generator=generator)


def hard_vote(predictions: Tensor, classes: int, weights: Tensor | None = None) -> Tensor:
    """The class with most votes for each sample, (samples,) int64; of several the smallest.

    predictions: (models, samples) int64 in [0, classes). weights: (models,) floating, the votes of each model; None gives everyone one vote.
    """
    votes = F.one_hot(predictions, classes)
    if weights is not None:
        votes = votes * weights[:, None, None]
    return votes.sum(dim=0).argmax(dim=1)


def soft_vote(probabilities: Tensor, weights: Tensor | None = None) -> Tensor:
    """The class with the largest (weighted) mean probability for each sample, (samples,) int64; of several the smallest.

    probabilities: (models, samples, classes); weights: (models,) of the same dtype; None weighs all models alike.
    """
    if weights is not None:
        probabilities = probabilities * weights[:, None, None]
    return probabilities.sum(dim=0).argmax(dim=1)


def out_of_bag(bags: Tensor, predictions: Tensor, labels: Tensor, classes: int) -> float:
    """Accuracy when each training row is judged only by the models that were not trained on it.

    bags: (models, n) int64, the rows that each model was trained on. predictions: (models, n) int64, what each model says of all rows. labels: (n,)
    int64. The models in whose bag a row is missing vote as in hard_vote. Rows that are in every bag are left out; ValueError if all are.
    """
    in_bag = torch.zeros_like(bags, dtype=torch.bool).scatter(1, bags, True)
    judged = ~in_bag.all(dim=0)
    if not judged.any():
        raise ValueError("every row is in every bag: nobody is left to judge")
    votes = F.one_hot(predictions, classes) * ~in_bag[:, :, None]
    return (votes.sum(dim=0).argmax(dim=1) == labels)[judged].double().mean().item()


def adaboost_round(weights: Tensor, predictions: Tensor, labels: Tensor, classes: int) -> tuple[float, Tensor]:
    """One round of AdaBoost for several classes (SAMME): (vote of this model, new weights of the samples).

    weights: (n,) floating and positive; predictions, labels: (n,) int64. error = weight of the wrong samples / weight of all, raised to at least
    1e-10. vote = log((1 - error) / error) + log(classes - 1). Wrong samples get their weight times exp(vote), then all are scaled to the sum 1.
    ValueError if error is at least 1 - 1 / classes: such a model is no better than chance.
    """
    wrong = predictions != labels
    error = max((weights[wrong].sum() / weights.sum()).item(), 1e-10)
    if error >= 1 - 1 / classes:
        raise ValueError(f"an error of {error:.3g} is no better than chance")
    vote = math.log((1 - error) / error) + math.log(classes - 1)
    raised = weights * (vote * wrong.to(weights.dtype)).exp()
    return vote, raised / raised.sum()


def average_weights(model: nn.Module, states: Sequence[State]) -> None:
    """Stochastic weight averaging: set every parameter of model, in place, to its mean over the state dicts.

    Buffers (such as the running statistics of batch norm) stay what they are in model: they belong to the activations of one set of weights.
    """
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.stack([state[name] for state in states]).mean(dim=0))


def ema_update(average: nn.Module, model: nn.Module, decay: float) -> None:
    """One step of an exponential moving average, in place: average = decay * average + (1 - decay) * model for every parameter.

    Both modules are built alike. Buffers of average become those of model.
    """
    with torch.no_grad():
        for mean, parameter in zip(average.parameters(), model.parameters(), strict=True):
            mean.lerp_(parameter, 1 - decay)
        for mean, buffer in zip(average.buffers(), model.buffers(), strict=True):
            mean.copy_(buffer)


def greedy_soup(states: Sequence[State], score: Callable[[State], float]) -> tuple[State, list[int]]:
    """Average what goes together: (state of the soup, numbers of its ingredients in the order of adding).

    states: state dicts of floating tensors with the same names and shapes. score(state): larger is better. The states are tried from the best to the
    worst by their own scores (of equal ones the earlier first). The first is taken; each further one stays in if the mean of all ingredients
    with it scores at least as much as the soup before.
    """
    single = [score(state) for state in states]
    first, *rest = sorted(range(len(states)), key=lambda i: -single[i])
    chosen, best = [first], single[first]
    for i in rest:
        value = score(_mean([states[j] for j in [*chosen, i]]))
        if value >= best:
            chosen, best = [*chosen, i], value
    return _mean([states[j] for j in chosen]), chosen


def _mean(states: list[State]) -> State:
    return {name: torch.stack([state[name] for state in states]).mean(dim=0) for name in states[0]}
