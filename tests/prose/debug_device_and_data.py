"""The numbers in the texts of debug-device-and-data."""

import math

NUMBERS = {"0.23": math.e / (math.e + 9), "1.46": -math.log(math.e / (math.e + 9)), "400": 16 * 5 * 5, "120": 120}
