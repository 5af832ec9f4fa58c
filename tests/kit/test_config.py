import pytest

from kit import config
from kit.errors import KitError


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "config_path", lambda: tmp_path / "deep" / "config.json")
    return tmp_path / "deep" / "config.json"


def test_settings_come_back(place):
    assert config.load() == config.Config()
    assert config.save(config.Config(lang="zh")) == place
    assert config.load().lang == "zh"


@pytest.mark.parametrize("damage", ["{", '{"lang": 3}', "\ufeff"])
def test_damaged_settings_are_told(place, damage):
    place.parent.mkdir()
    place.write_text(damage)
    with pytest.raises(KitError, match="Mend or delete the file") as raised:
        config.load()
    assert raised.value.where == str(place)


def test_a_place_that_cannot_be_written(place):
    place.parent.write_text("a file in the way")
    with pytest.raises(KitError, match="cannot be saved"):
        config.save(config.Config())
