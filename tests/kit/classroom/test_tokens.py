"""Tokens: long, fresh, and not to be found in what is kept of them."""

import re

from kit.classroom import tokens


def test_a_token_fits_into_a_link_and_holds_256_bits():
    drawn = {tokens.new() for _ in range(100)}
    assert len(drawn) == 100
    assert all(re.fullmatch(r"[\w-]{43}", token) for token in drawn)


def test_what_is_kept_is_its_sha256():
    assert tokens.hashed("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(tokens.hashed("何か\ud800")) == 64, "whatever a client sends as a token can be looked for"
