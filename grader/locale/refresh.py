"""Bring the catalogues up to date: `python grader/locale/refresh.py` extracts every message, updates kit.po and compiles kit.mo.

A new message is left untranslated: translate it in zh/LC_MESSAGES/kit.po and run this again. tests/kit/test_catalogue.py holds both to the code.
"""

# ruff: noqa: INP001  # a script beside its data

from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def extracted() -> Catalog:
    """Every message of the code."""
    with (HERE / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    catalog = Catalog(project="kit", charset="utf-8")
    for package in ("grader", "kit"):
        for filename, _line, message, comments, context in extract_from_dir(
            ROOT / package, [(pattern.removeprefix(f"{package}/"), method) for pattern, method in methods], options, DEFAULT_KEYWORDS
        ):  # fmt: skip
            catalog.add(message, None, [(f"{package}/{filename}", 0)], auto_comments=comments, context=context)
    return catalog


def refresh(lang: str) -> list[str]:
    """Update one catalogue; returns the messages without a translation."""
    path = HERE / lang / "LC_MESSAGES" / "kit.po"
    catalog = Catalog(locale=lang, project="kit", charset="utf-8")
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=lang)
    catalog.update(extracted(), no_fuzzy_matching=True)
    catalog.fuzzy = False
    catalog.header_comment = f"# The kit's messages, language {lang}."
    catalog.version, catalog.last_translator, catalog.language_team, catalog.msgid_bugs_address = "1", "the kit", lang, ""
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # the same input, the same files
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, ignore_obsolete=True, include_lineno=False, sort_by_file=True)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    return [str(message.id) for message in catalog if message.id and not message.string]


if __name__ == "__main__":
    for missing in refresh("zh"):
        print(f"not translated: {missing}")
