"""`deskguard cluster ...` as processes of their own, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from night_parts import wait_until

TESTS = Path(__file__).resolve().parent


class Program:
    """`deskguard cluster ...` as a process of its own."""

    def __init__(self, *arguments: str | Path, cwd: Path, log: Path) -> None:
        self.log = log
        with log.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "deskguard", "cluster", *map(str, arguments), "--language", "en"],
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([*filter(None, sys.path), str(TESTS)])},
            )

    def says(self, text: str) -> str:
        """Its line with this text, once it is there."""
        wait_until(lambda: text in self.log.read_text() or self.process.poll() is not None)
        return next(line for line in self.log.read_text().splitlines() if text in line)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)
