"""The user's own settings, kept in their configuration folder."""

from pathlib import Path

import msgspec
from platformdirs import user_config_path

from grader.text import _
from kit.errors import KitError
from kit.files import write_atomically


class Config(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `kit config` sets. lang None: the locale decides. trusted: folders of banks whose checks may run."""

    lang: str | None = None
    trusted: tuple[str, ...] = ()


def config_path() -> Path:
    """Where the settings are kept."""
    return user_config_path("nn-practice-kit", appauthor=False) / "config.json"


def load() -> Config:
    """The user's settings; the defaults when there are none. Raises KitError when the file is damaged."""
    path = config_path()
    try:
        return msgspec.json.decode(path.read_bytes(), type=Config)
    except FileNotFoundError:
        return Config()
    except (OSError, msgspec.DecodeError) as error:
        raise KitError(_("the settings cannot be read"), path, _("Mend or delete the file ({reason}).").format(reason=error)) from error


def trust(bank: Path) -> Path:
    """Remember that the checks of a bank may run; returns the file. Raises KitError when it cannot be written."""
    known = load()
    return save(msgspec.structs.replace(known, trusted=tuple(dict.fromkeys((*known.trusted, str(bank))))))


def save(config: Config) -> Path:
    """Keep the settings; returns the file. Raises KitError when it cannot be written."""
    path = config_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, msgspec.json.encode(config))
    except OSError as error:
        remedy = _("Make the folder writable ({reason}).").format(reason=error.strerror)
        raise KitError(_("the settings cannot be saved"), path, remedy) from error
    return path
