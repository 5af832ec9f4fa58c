"""Each process that runs tests has a warm judge of its own: two side by side do not stop each other's, nor the developer's."""

import os
import tempfile
from collections.abc import Iterator

import pytest

from grader.client import stop_server


@pytest.fixture(scope="session", autouse=True)
def own_judge() -> Iterator[None]:
    """Where the judge's socket lies, for this process and for what it starts; the servers end with it."""
    with tempfile.TemporaryDirectory(prefix="kit-tests-") as folder:
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = folder
        try:
            yield
        finally:
            for policy in ("local", "server"):
                stop_server(policy)
            if before is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = before
