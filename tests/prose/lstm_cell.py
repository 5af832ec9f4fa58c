"""Numbers in the texts of lstm-cell: the parameters of nn.LSTMCell(10, 20)."""

INPUTS, HIDDEN = 10, 20
BLOCK = HIDDEN * (INPUTS + HIDDEN)

NUMBERS = {
    "2560": 4 * (BLOCK + 2 * HIDDEN),
    "2480": 4 * (BLOCK + HIDDEN),
    "640": BLOCK + 2 * HIDDEN,
    "0.37": 0.99**100,
}
