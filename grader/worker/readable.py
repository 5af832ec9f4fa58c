"""What an answer may read: the standard library, torch and numpy with what they import late, and the system's shared libraries."""

import importlib.util
import re
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOTS = ("torch", "numpy")
PACKAGE_FOLDERS = {"site-packages", "dist-packages"}
DEVICES = (Path("/dev/urandom"), Path("/dev/null"))
LOADER_CACHE = Path("/etc/ld.so.cache")
LIBRARY_FOLDERS = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")


def readable_paths() -> list[Path]:
    """Files and folders for Sandbox.prepare. The folder that holds all packages is not among them: the kit and its checks lie there too."""
    found = [*standard_library(), *(path for name in distributions() for path in files_of(name)), *libraries(), LOADER_CACHE, *DEVICES]
    return [path for path in dict.fromkeys(found) if path.exists()]


def fill_finder_caches() -> None:
    """Let Python remember what lies in each folder of sys.path: in the sandbox it cannot list those that it may only read parts of."""
    importlib.util.find_spec("kit_asks_for_what_no_folder_holds")


def standard_library() -> Iterator[Path]:
    """What lies in the standard library's folders, except installed packages (Landlock can only allow, never subtract)."""
    folders = {sysconfig.get_path(name, vars=_of_the_base_python()) for name in ("stdlib", "platstdlib")}
    for folder in sorted(folders):
        yield from (path for path in sorted(Path(folder).iterdir()) if path.name not in PACKAGE_FOLDERS)


def _of_the_base_python() -> dict[str, str]:
    return {
        "base": sys.base_prefix,
        "platbase": sys.base_exec_prefix,
        "installed_base": sys.base_prefix,
        "installed_platbase": sys.base_exec_prefix,
    }


def distributions() -> list[str]:
    """The names of torch's and numpy's distributions and, in turn, of whatever they require, as far as installed; extras are left out."""
    names: list[str] = list(ROOTS)
    for name in names:
        try:
            required = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        for requirement in required:
            if re.search(r";.*\bextra\s*==", requirement):
                continue
            needed = re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0].lower()
            if needed not in names and needed != "setuptools":  # a building tool, and a large one
                names.append(needed)
    return names


def files_of(name: str) -> Iterator[Path]:
    """The top-level files and folders of an installed distribution, inside the folder of all packages."""
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        installed = None
    site = Path(str(installed.locate_file(""))) if installed else Path()
    for top in sorted(_top_level(installed)) if installed else ():
        path = site / top
        yield path
        if path.suffix == ".py":
            yield Path(importlib.util.cache_from_source(path))
    if name in ROOTS:  # a distribution without a list of files (conda's, an editable one) still has a package
        spec = importlib.util.find_spec(name)
        yield from (Path(folder) for folder in (spec.submodule_search_locations or ()) if spec) if spec else ()


def _top_level(installed: Distribution) -> set[str]:
    record = installed.read_text("RECORD") or ""
    tops = {line.split("/", 1)[0].split(",", 1)[0] for line in record.splitlines()}
    return {top for top in tops if top and top not in {"..", "__pycache__"} and not top.startswith("/") and not top.endswith(".pth")}


def libraries() -> Iterator[Path]:
    """Shared libraries that extension modules load late: whole folders of the system, single files where Python packages lie beside."""
    multiarch = sysconfig.get_config_var("MULTIARCH")
    folders = [Path(folder) for folder in LIBRARY_FOLDERS] + [Path(sys.base_prefix) / "lib"]
    candidates = [folder / multiarch for folder in folders if multiarch] + folders
    for folder in candidates:
        if not folder.is_dir():
            continue
        if multiarch and folder.name == multiarch and not any(folder.glob("python*")):
            yield folder
        else:
            yield from sorted(path for path in folder.glob("*.so*") if path.is_file())
