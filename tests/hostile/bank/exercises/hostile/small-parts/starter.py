"""Small parts."""


def softmax(x):
    """Softmax over the last dimension."""
    raise NotImplementedError("your turn")
