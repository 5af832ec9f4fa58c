"""The numbers in the texts of the exercise."""

import math

import numpy as np

NUMBERS = {
    "4.2e-18": math.log1p(math.exp(-40)),
    "709": math.floor(math.log(np.finfo(np.float64).max)),
    "88": math.floor(math.log(np.finfo(np.float32).max)),
}
