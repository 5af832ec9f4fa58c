"""Numbers in the texts of conv2d."""

NUMBERS = {"36,928": 3 * 3 * 64 * 64 + 64}
