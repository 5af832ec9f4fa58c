"""The value of acting now is the reward and the discounted value of where one lands; learning replaces the unknown world by samples of it."""

from collections.abc import Callable

import numpy as np

Step = Callable[[int, int], tuple[int, float, bool]]  # given


class GridWorld:  # given
    """A world to try things in: cells are the states, row by row; actions are 0 up, 1 right, 2 down, 3 left.

    S is the start, # a wall, G the goal (reward 10, terminal), X a pit (reward -10, terminal). Any other step has reward -1; a step into
    a wall or off the grid leaves you where you are.
    """

    def __init__(self, rows: tuple[str, ...] = ("...G", ".#.X", "S...")) -> None:
        self.rows, self.width = rows, len(rows[0])
        self.start = "".join(rows).index("S")
        self.n_states, self.n_actions = len(rows) * self.width, 4

    def step(self, state: int, action: int) -> tuple[int, float, bool]:
        """(next_state, reward, done) of an action in a state."""
        row, column = divmod(state, self.width)
        down, right = ((-1, 0), (0, 1), (1, 0), (0, -1))[action]
        if 0 <= row + down < len(self.rows) and 0 <= column + right < self.width and self.rows[row + down][column + right] != "#":
            row, column = row + down, column + right
        reward = {"G": 10.0, "X": -10.0}.get(self.rows[row][column], -1.0)
        return row * self.width + column, reward, self.rows[row][column] in "GX"

    def model(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(transitions, rewards, terminal), as value_iteration wants them."""
        transitions, rewards = np.zeros((self.n_states, self.n_actions, self.n_states)), np.zeros((self.n_states, self.n_actions))
        for state in range(self.n_states):
            for action in range(self.n_actions):
                next_state, rewards[state, action], _ = self.step(state, action)
                transitions[state, action, next_state] = 1
        return transitions, rewards, np.array([cell in "GX" for cell in "".join(self.rows)])


def value_iteration(transitions: np.ndarray, rewards: np.ndarray, terminal: np.ndarray, discount: float) -> np.ndarray:
    """The values of all states under the best policy, when the world is known.

    transitions: (states, actions, states), the probability of each next state. rewards: (states, actions), the mean reward of each action.
    terminal: (states,) bool; a terminal state has value 0, whatever transitions and rewards say of it. discount: from 0 to 0.99.
    Returns float64 (states,), each value within 1e-8 of the exact one if rewards are at most 100 in size.
    """
    values, change = np.zeros(len(terminal)), np.inf
    while change > 1e-11:
        backup = np.where(terminal, 0.0, (rewards + discount * transitions @ values).max(axis=1))
        values, change = backup, np.abs(backup - values).max()
    return values


def epsilon_greedy(action_values: np.ndarray, epsilon: float, rng: np.random.Generator) -> int:
    """An action: with probability epsilon any one, all equally likely; else one of the best, all of these equally likely.

    action_values: (actions,), the values of the actions in a state. The best are those exactly equal to the maximum. rng is the only
    source of randomness.
    """
    if rng.random() < epsilon:
        return int(rng.integers(len(action_values)))
    return int(rng.choice(np.flatnonzero(action_values == action_values.max())))


def q_update(q: np.ndarray, state: int, action: int, reward: float, next_state: int, done: bool, learning_rate: float, discount: float) -> np.ndarray:
    """Q-learning: a new table in which q[state, action] has moved towards reward + discount * max of q[next_state].

    q: (states, actions) float64. It moves by learning_rate times the difference. When done, nothing follows: the target is the reward
    alone, whatever next_state is.
    """
    return _moved(q, state, action, reward if done else reward + discount * q[next_state].max(), learning_rate)


def sarsa_update(
    q: np.ndarray, state: int, action: int, reward: float, next_state: int, next_action: int | None, done: bool, learning_rate: float, discount: float
) -> np.ndarray:
    """SARSA: as q_update, but the target is reward + discount * q[next_state, next_action], the action that is really taken next.

    When done, next_action may be None.
    """
    return _moved(q, state, action, reward if done else reward + discount * q[next_state, next_action], learning_rate)


def train(
    step: Step,
    start: int,
    n_states: int,
    n_actions: int,
    episodes: int,
    method: str,
    learning_rate: float,
    discount: float,
    epsilon: float,
    seed: int,
) -> np.ndarray:
    """Learn a table of action values from experience; returns it, (n_states, n_actions) float64.

    step(state, action) returns (next_state, reward, done). Each episode begins in start and goes on until done. The table begins with zeros
    and is updated after each step, by q_update for method "q-learning", by sarsa_update for "sarsa"; another method raises ValueError.
    Actions are chosen by epsilon_greedy from the table as it is; SARSA chooses the next action before it updates. The same seed gives
    the same table if step is deterministic, another seed other actions.
    """
    if method not in ("q-learning", "sarsa"):
        raise ValueError(f"method must be 'q-learning' or 'sarsa', not {method!r}")
    rng = np.random.default_rng(seed)
    q = np.zeros((n_states, n_actions))
    for _ in range(episodes):
        state, action, done = start, epsilon_greedy(q[start], epsilon, rng), False
        while not done:
            next_state, reward, done = step(state, action)
            next_action = epsilon_greedy(q[next_state], epsilon, rng)
            if method == "sarsa":
                q = sarsa_update(q, state, action, reward, next_state, next_action, done, learning_rate, discount)
            else:
                q = q_update(q, state, action, reward, next_state, done, learning_rate, discount)
                next_action = epsilon_greedy(q[next_state], epsilon, rng)
            state, action = next_state, next_action
    return q


def _moved(q: np.ndarray, state: int, action: int, target: float, learning_rate: float) -> np.ndarray:
    moved = q.copy()
    moved[state, action] += learning_rate * (target - q[state, action])
    return moved
