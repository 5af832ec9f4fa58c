import pytest
from small_bank import make_bank


@pytest.fixture
def bank(tmp_path):
    """A bank of one exercise without findings."""
    return make_bank(tmp_path / "bank")
