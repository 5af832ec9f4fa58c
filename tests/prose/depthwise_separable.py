ordinary, depthwise, pointwise = 128 * 128 * 9, 128 * 9, 128 * 128

NUMBERS = {
    "147,456": ordinary,
    "1,152": depthwise,
    "16,384": pointwise,
    "17,536": depthwise + pointwise,
    "8.4": ordinary / (depthwise + pointwise),
    "128": 32 * 4,
}
