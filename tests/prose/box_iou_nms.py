import math

NUMBERS = {"4.14": math.log(1000 / 16), "10,000": 1e4}
