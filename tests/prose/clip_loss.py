"""The numbers in the texts of clip-loss, computed."""

NUMBERS = {"32,768": 2**15}
