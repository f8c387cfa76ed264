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
    sink: str = "desk"

    def start(self) -> None:
        """Start the server with a virtual microphone: what is played to its sink is what it hears."""
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
                f"module-null-sink sink_name={self.sink} rate=48000",
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
            ["pactl", "load-module", "module-null-sink", f"sink_name={self.sink}", "rate=48000"],
            env=self.env,
            check=True,
            capture_output=True,
        )

    def play(self, recording: Path) -> None:
        """Play a recording to the microphone; returns when it has been played."""
        self.begin_to_play(recording).wait(60)

    def begin_to_play(self, recording: Path) -> subprocess.Popen[bytes]:
        """The same without waiting for the end."""
        return subprocess.Popen(["paplay", f"--device={self.sink}", str(recording)], env=self.env)


@contextmanager
def sound_server(folder: Path) -> Iterator[SoundServer]:
    """A running server; skips with a reason where PulseAudio is not installed."""
    _need_programs()
    (folder / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    server = SoundServer(folder, _env(folder, folder / "runtime"))
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def two_sound_cards(folder: Path) -> Iterator[tuple[SoundServer, SoundServer]]:
    """Two servers, each a sound card by itself: the devices "staff" and "visitor" of whoever has the first's
    env."""
    _need_programs()
    names = ("staff", "visitor")
    servers = tuple(SoundServer(folder, _env(folder, folder / name), f"{name}-sink") for name in names)
    lines = ["pcm.!default { type pulse }", "ctl.!default { type pulse }"]
    for name, server in zip(names, servers, strict=True):
        socket = f"unix:{folder / name}/pulse/native"
        lines.append(
            f'pcm.{name} {{ type pulse server "{socket}" device "{server.sink}.monitor" '
            f'hint {{ show on description "{name}" }} }}'
        )
    (folder / ".asoundrc").write_text("\n".join(lines) + "\n")
    for server in servers:
        server.start()
    try:
        yield servers[0], servers[1]
    finally:
        for server in servers:
            server.kill()


def _need_programs() -> None:
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (apt-get install pulseaudio pulseaudio-utils)")


def _env(home: Path, runtime: Path) -> dict[str, str]:
    runtime.mkdir(mode=0o700)
    env = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": str(runtime)}
    env.pop("PULSE_SERVER", None)
    return env


def wait_until(claim: str, holds: object, timeout_s: float = 30.0) -> None:
    """Wait for something another process does; fails with the claim when it does not come true."""
    assert callable(holds)
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {timeout_s:.0f} s: {claim}")
