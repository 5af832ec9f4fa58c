"""The numbers of the quiz, computed: KiB of the cache for one token, and how many tokens fill 2 GiB."""

LAYERS, HEADS, FEATURES, BYTES = 32, 32, 4096 // 32, 2
KIB = 2 * LAYERS * HEADS * FEATURES * BYTES / 1024
NUMBERS = {"512": KIB, "256": KIB / 2, "128": FEATURES, "4096": 2 * 2**20 / KIB}
