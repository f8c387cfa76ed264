"""Where the files that come with deskguard lie: beside the source in a checkout, else inside the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_BUNDLED = _PACKAGE / "bundled"


def checkout() -> Path | None:
    """The root of the source checkout this code runs from, or None when it is installed."""
    root = _PACKAGE.parents[1]
    return root if (root / "pyproject.toml").is_file() and (root / "models").is_dir() else None


def bundled(relative: str) -> Path:
    """A file or folder that comes with deskguard, e.g. "config/standards"."""
    root = checkout()
    return (root if root is not None else _BUNDLED) / relative


def models_folder() -> Path:
    """Where fetched weights go unless the settings say otherwise."""
    root = checkout()
    return root / "models" if root is not None else data_folder() / "models"


def data_folder() -> Path:
    """Where a desk keeps its store unless the settings say otherwise."""
    from platformdirs import user_data_path

    return user_data_path("deskguard", appauthor=False)
