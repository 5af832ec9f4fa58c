NUMBERS = {"0.005": 5e-3}
