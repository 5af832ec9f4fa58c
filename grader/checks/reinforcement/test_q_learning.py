"""The references are linear solves under all policies, and replays of the steps that the agent really took in worlds of the judge's own."""

import itertools

import numpy as np
import pytest

from grader.compare import assert_between, assert_raises, assert_same, assert_true


def exact_values(transitions, rewards, terminal, discount):
    """The best value of each state over all policies, each by a linear solve."""
    states = np.arange(len(terminal))
    best = np.full(len(terminal), -np.inf)
    for policy in itertools.product(range(rewards.shape[1]), repeat=int((~terminal).sum())):
        actions = np.zeros(len(terminal), dtype=int)
        actions[~terminal] = policy
        chain = transitions[states, actions] * ~terminal[:, None]
        best = np.maximum(best, np.linalg.solve(np.eye(len(terminal)) - discount * chain, rewards[states, actions] * ~terminal))
    return best


def random_world(draw, n_states, n_actions, terminal):
    transitions = draw.numpy.dirichlet(np.full(n_states, 0.5), (n_states, n_actions))
    return transitions, draw.numpy.uniform(-50, 100, (n_states, n_actions)), np.array(terminal)


@pytest.mark.parametrize(
    ("n_actions", "terminal", "discount"), [(3, [0, 0, 1, 0], 0.9), (2, [1, 0, 0, 0, 1], 0.99), (2, [0, 0, 0], 0.5), (3, [0, 0, 1], 0.0)]
)
def test_value_iteration(answer, draw, n_actions, terminal, discount):
    """value_iteration: the values of the best policy
    value_iteration：最优策略的价值"""
    transitions, rewards, ends = random_world(draw, len(terminal), n_actions, np.array(terminal, dtype=bool))
    for world in ((transitions, rewards, ends), (transitions, rewards / 2 - 50, ends)):  # in the second there is nothing to gain
        values = answer.value_iteration(*world, discount)
        # the contract allows an error of 1e-8
        assert_same(values, exact_values(*world, discount), f"value_iteration(…, discount={discount})", rtol=0, atol=1e-8)


def draws(epsilon_greedy, np, action_values, epsilon, seed, times):
    """How often each action was chosen, and whether all were ints."""
    rng = np.random.default_rng(seed)
    chosen = [epsilon_greedy(action_values, epsilon, rng) for _ in range(times)]
    return np.bincount(chosen, minlength=len(action_values)).tolist(), all(isinstance(action, (int, np.integer)) for action in chosen)


def frequencies(answer, worker, draw, action_values, epsilon, times):
    count = worker.define(draws)
    counts, integers = count(answer.epsilon_greedy, worker.numpy, np.array(action_values), epsilon, int(draw.integers(0, 2**31)), times)
    assert_true(integers, "epsilon_greedy", "an action is no int", "动作不是整数")
    return counts


def test_greedy(answer, draw, worker):
    """epsilon_greedy: with epsilon 0 always the best
    epsilon_greedy：epsilon 为 0 时总取最优"""
    for best in (0, 2, 3):
        values = np.array([-3.0, -2.0, -5.0, -4.0])
        values[best] = -1.0
        expected = [0] * 4
        expected[best] = 20
        assert_same(frequencies(answer, worker, draw, values, 0.0, 20), expected, f"actions in 20 draws, values {values.tolist()}, epsilon 0")


# Each count is binomial; 7 standard deviations and a little are left to either side: a false alarm in 10^11.
def assert_frequent(count, times, p, what):
    spread = 7 * (times * p * (1 - p)) ** 0.5 + 3
    assert_between(count, times * p - spread, times * p + spread, what)


@pytest.mark.after("test_greedy")
def test_exploration(answer, draw, worker):
    """epsilon_greedy: explores among all actions
    epsilon_greedy：在全部动作中探索"""
    for epsilon in (1.0, 0.6):
        counts = frequencies(answer, worker, draw, [0.0, 2.0, 1.0], epsilon, 1000)
        for action, p in enumerate([epsilon / 3, 1 - epsilon * 2 / 3, epsilon / 3]):
            assert_frequent(counts[action], 1000, p, f"how often action {action} is chosen of 1000 times, epsilon {epsilon}, action 1 is best")


@pytest.mark.after("test_greedy")
def test_ties(answer, draw, worker):
    """epsilon_greedy: all of the best are equally likely
    epsilon_greedy：并列最优的机会均等"""
    counts = frequencies(answer, worker, draw, [5.0, 1.0, 5.0, 5.0], 0.0, 800)
    for action, p in enumerate([1 / 3, 0, 1 / 3, 1 / 3]):
        assert_frequent(counts[action], 800, p, f"how often action {action} is chosen of 800 times, actions 0, 2 and 3 are best")
    assert_same(counts[1], 0, "how often the worse action is chosen, epsilon 0")


def moved(q, state, action, target, rate):
    result = q.copy()
    result[state, action] = (1 - rate) * q[state, action] + rate * target
    return result


def test_q_update(answer, draw):
    """q_update: one step, also the last of an episode
    q_update：一次更新，包括回合的最后一步"""
    for rate, discount, done in ((0.25, 0.9, False), (1.0, 1.0, False), (0.5, 0.8, True), (0.1, 0.0, False)):
        q, reward = 3 + draw.numpy.normal(size=(4, 3)), float(draw.normal())
        for state, action, next_state in ((1, 2, 3), (0, 0, 0)):
            target = reward if done else reward + discount * q[next_state].max()
            result = answer.q_update(q, state, action, reward, next_state, done, rate, discount)
            assert_same(result, moved(q, state, action, target, rate), f"q_update(…, done={done}, learning_rate={rate}, discount={discount})")


def test_sarsa_update(answer, draw):
    """sarsa_update: the action that is really taken
    sarsa_update：实际采取的动作"""
    for rate, discount in ((0.25, 0.9), (1.0, 1.0)):
        for next_action in range(3):
            q, reward = 3 + draw.numpy.normal(size=(4, 3)), float(draw.normal())
            expected = moved(q, 1, 2, reward + discount * q[3, next_action], rate)
            assert_same(answer.sarsa_update(q, 1, 2, reward, 3, next_action, False, rate, discount), expected, "sarsa_update(…, done=False)")
        for next_action in (1, None):
            result = answer.sarsa_update(q, 1, 2, reward, 3, next_action, True, rate, discount)
            assert_same(result, moved(q, 1, 2, reward, rate), f"sarsa_update(…, next_action={next_action}, done=True)")


class Corridor:
    """Cells in a row with an end on either side: 0 costs 4, the other pays 6. Action 0 goes left, 1 right, 2 waits. Keeps what was done."""

    def __init__(self, cells=6, start=2):
        self.n_states, self.n_actions, self.start, self.log = cells, 3, start, []

    def step(self, state, action):
        state, action = int(state), int(action)
        if not (0 < state < self.n_states - 1 and 0 <= action < 3) or len(self.log) > 5000:
            self.log.append((state, action, 0.0, state, True))
            return state, 0.0, True
        next_state = state + (-1, 1, 0)[action]
        reward = {0: -4.0, self.n_states - 1: 6.0}.get(next_state, -1.0 - 0.25 * state)
        self.log.append((state, action, reward, next_state, next_state in (0, self.n_states - 1)))
        return next_state, reward, self.log[-1][-1]

    def check_episodes(self, episodes):
        """As many as asked for, each from the start, each without a gap."""
        assert_same(sum(done for *_, done in self.log), episodes, "number of episodes")
        state = self.start
        for number, (before, _, _, after, done) in enumerate(self.log):
            assert_same(before, state, f"state in which step {number} is taken")
            state = self.start if done else after


def replayed(world, method, rate, discount, *, epsilon=None):
    """The table that these steps lead to. epsilon: besides, how often an action was none of the best at its time must be as often as that says."""
    q, worse, odds = np.zeros((world.n_states, world.n_actions)), 0, []
    chosen_from = q[world.start]  # the values of the actions when this one was chosen: with SARSA before the update of the step before
    for number, (state, action, reward, next_state, done) in enumerate(world.log):
        best = np.flatnonzero(chosen_from > chosen_from.max() - 1e-9).tolist()
        worse += action not in best
        odds.append((epsilon or 0) * (1 - len(best) / world.n_actions))
        future = 0.0
        if not done:
            future = q[next_state].max() if method == "q-learning" else q[next_state, world.log[number + 1][1]]
        before, q = q, moved(q, state, action, reward + discount * future, rate)
        chosen_from = q[world.start] if done else (before if method == "sarsa" else q)[next_state]
    if epsilon is not None:
        mean, spread = sum(odds), 7 * sum(p * (1 - p) for p in odds) ** 0.5 + 3 * epsilon
        assert_between(worse, mean - spread, mean + spread, f"how often an action is not among the best in {len(odds)} steps, epsilon {epsilon}")
    return q


def run(answer, draw, world, episodes, method, rate, discount, epsilon):
    seed = int(draw.integers(0, 2**31))
    return answer.train(world.step, world.start, world.n_states, world.n_actions, episodes, method, rate, discount, epsilon, seed)


@pytest.mark.after("test_q_update", "test_greedy", "test_exploration")
def test_train_q_learning(answer, draw):
    """train: Q-learning
    train：用 Q-learning 训练"""
    world = Corridor()
    q = run(answer, draw, world, 12, "q-learning", 0.5, 0.9, 0.0)
    world.check_episodes(12)
    assert_same(q, replayed(world, "q-learning", 0.5, 0.9, epsilon=0), 'train(…, method="q-learning", epsilon=0)')
    world = Corridor()
    q = run(answer, draw, world, 25, "q-learning", 1.0, 0.9, 1.0)
    world.check_episodes(25)
    assert_same(q, replayed(world, "q-learning", 1.0, 0.9, epsilon=1), 'train(…, method="q-learning", epsilon=1)')


@pytest.mark.after("test_sarsa_update", "test_greedy", "test_exploration")
def test_train_sarsa(answer, draw):
    """train: SARSA
    train：用 SARSA 训练"""
    for epsilon, world in ((0.5, Corridor(5, 3)), (1.0, Corridor(5, 3)), (0.0, Corridor())):
        q = run(answer, draw, world, 15, "sarsa", 0.5, 0.9, epsilon)
        world.check_episodes(15)
        assert_same(q, replayed(world, "sarsa", 0.5, 0.9, epsilon=epsilon), f'train(…, method="sarsa", epsilon={epsilon})')


@pytest.mark.after("test_train_q_learning", "test_train_sarsa")
@pytest.mark.parametrize("method", ["q-learning", "sarsa"])
def test_seed(answer, draw, method):
    """train: the seed decides
    train：由种子决定"""
    seed, logs = int(draw.integers(0, 2**31)), []
    for number in (seed, seed, seed + 1):
        world = Corridor()
        answer.train(world.step, world.start, world.n_states, world.n_actions, 6, method, 0.5, 0.9, 1.0, number)
        logs.append([action for _, action, *_ in world.log])
    assert_same(logs[1], logs[0], "actions from the same seed")
    assert_true(logs[2] != logs[0], "actions", "two seeds give the same actions", "两个不同的种子给出了相同的动作")


def test_refusals(answer):
    """Another method raises ValueError
    其他方法抛出 ValueError"""
    for method in ("Q-learning", "dyna", ""):
        assert_raises(ValueError, answer.train, Corridor().step, 2, 6, 3, 1, method, 0.5, 0.9, 0.1, 0)
