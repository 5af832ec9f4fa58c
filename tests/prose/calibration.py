"""The numbers in the texts of the exercise."""

import math

NUMBERS = {"0.11": math.sqrt(0.25 / 20), "2.73": 3 / math.log(3)}
