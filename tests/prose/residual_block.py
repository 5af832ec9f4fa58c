basic, bottleneck = 2 * 9 * 256 * 256, 256 * 64 + 9 * 64 * 64 + 64 * 256

NUMBERS = {"256": 4 * 64, "1,179,648": basic, "69,632": bottleneck, "17": basic / bottleneck, "0.0059": 0.95**100}
