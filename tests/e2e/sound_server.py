"""A real PulseAudio server with virtual microphones, for tests on machines without a sound card."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PROGRAMS = ("pulseaudio", "pactl", "paplay")


@dataclass(frozen=True, slots=True)
class SoundServer:
    """One server of its own: nothing of it is in the way of the user's."""

    folder: Path
    env: dict[str, str]

    def start(self) -> None:
        """Start the server with a virtual microphone: what is played to "desk" is what it hears."""
        subprocess.run(
            [
                "pulseaudio",
                "--daemonize=yes",
                "--exit-idle-time=-1",
                "--use-pid-file=yes",
                "-n",
                "-L",
                "module-native-protocol-unix auth-anonymous=1",
                "-L",
                "module-null-sink sink_name=desk rate=48000",
            ],
            env=self.env,
            check=True,
            capture_output=True,
        )

    def kill(self) -> None:
        subprocess.run(["pulseaudio", "--kill"], env=self.env, check=False, capture_output=True)

    def pull_plug(self) -> None:
        """Take the microphone away; the server goes on."""
        subprocess.run(["pactl", "unload-module", "module-null-sink"], env=self.env, check=True)

    def plug_in(self) -> None:
        subprocess.run(
            ["pactl", "load-module", "module-null-sink", "sink_name=desk", "rate=48000"],
            env=self.env,
            check=True,
            capture_output=True,
        )

    def play(self, recording: Path) -> None:
        """Play a recording to the microphone; returns when it has been played."""
        subprocess.run(["paplay", "--device=desk", str(recording)], env=self.env, check=True)


@contextmanager
def sound_server(folder: Path) -> Iterator[SoundServer]:
    """A running server; skips with a reason where PulseAudio is not installed."""
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (apt-get install pulseaudio pulseaudio-utils)")
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    (folder / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    env = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": str(folder)}
    env.pop("PULSE_SERVER", None)
    server = SoundServer(folder, env)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def wait_until(claim: str, holds: object, timeout_s: float = 30.0) -> None:
    """Wait for something another process does; fails with the claim when it does not come true."""
    assert callable(holds)
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {timeout_s:.0f} s: {claim}")
