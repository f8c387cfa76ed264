"""The night's store without its packages: a desk stays small, and says what is missing."""

from __future__ import annotations

import subprocess
import sys

ASK = """
import sys
sys.modules["sqlalchemy"] = None
from deskguard.cli import main
sys.exit(main(["review", "list"]))
"""


def test_without_the_packages_of_the_night_it_is_said_which_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK], capture_output=True, encoding="utf-8", check=False, timeout=120
    )
    assert done.returncode == 2
    assert "not installed: sqlalchemy" in done.stderr
    assert 'pip install "deskguard[night]"' in done.stderr
