"""The numbers in the texts of backprop-conv2d."""

NUMBERS = {"50.3": 32 * 32 * 3 * 32 * 32 * 16 / 1e6, "5,033": 32 * 32 * 3 * 32 * 32 * 16 / 1e4, "448": 3 * 3 * 3 * 16 + 16}
