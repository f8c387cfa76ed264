"""Two devices on a driver made by hand: joined, one lost and back, paused, refused; and which devices are
chosen."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from deskguard.errors import DeskguardError
from deskguard.hearing.microphone import Microphone, SoundSystem
from deskguard.hearing.two_microphones import TwoMicrophones, chosen_devices, open_source
from deskguard.settings import MicrophoneSettings, RolesSettings, Settings
from deskguard.values import AudioChunk
from sound_driver import Driver, Stream, device, speaking

PATIENCE_S = 30.0
STAFF, VISITOR = 1, 2
"""Indexes of the two devices."""
Told = tuple[str, tuple[str, ...]]


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    made = Driver()
    made.plugged = [device("Speakers", 0), device("Staff", 1, 16_000.0), device("Visitor", 1, 16_000.0)]
    made.list_again()
    monkeypatch.setitem(sys.modules, "sounddevice", made)
    yield made
    # A thread that is still closing its device would do so on the driver of the next test.
    for one in threading.enumerate():
        if "microphone" in one.name:
            one.join(PATIENCE_S)


class Devices:
    """What the two devices do: speak on at their pace until they are unplugged."""

    def __init__(self) -> None:
        self._unplugged = [threading.Event(), threading.Event()]
        self.has_ended = threading.Event()

    def speaking(self, which: int, level: float) -> Callable[[Stream], None]:
        """An opening of a device that speaks until it is unplugged."""
        self._unplugged[which].clear()

        def speak(stream: Stream) -> None:
            while not (stream.is_closed or self._unplugged[which].is_set() or self.has_ended.wait(0.005)):
                stream.speak(1, level)

        return lambda stream: threading.Thread(target=speak, args=(stream,), daemon=True).start()

    def unplug(self, which: int) -> None:
        self._unplugged[which].set()


@pytest.fixture
def devices() -> Iterator[Devices]:
    made = Devices()
    yield made
    made.has_ended.set()


class Listener:
    """A source of two devices, and what it told of its state."""

    def __init__(self, roles: RolesSettings | None = None, system: SoundSystem | None = None) -> None:
        self.told: list[Told] = []
        self._has_told = threading.Condition()
        settings = Settings(
            microphone=MicrophoneSettings(device="Staff", visitor_device="Visitor", lost_after_s=0.3),
            roles=roles or RolesSettings(),
        )
        source = open_source(settings, self._hear, system)
        assert isinstance(source, TwoMicrophones)
        self.source = source
        self.chunks = source.chunks()

    def _hear(self, state: str, missing: tuple[str, ...]) -> None:
        with self._has_told:
            self.told.append((state, missing))
            self._has_told.notify_all()

    def until(self, holds: Callable[[AudioChunk], bool]) -> AudioChunk:
        """The first chunk of which that is true; some thousands may come before it."""
        return next(one for one, _ in zip(self.chunks, range(20_000), strict=False) if holds(one))

    def is_told(self, what: Told) -> None:
        with self._has_told:
            assert self._has_told.wait_for(lambda: what in self.told, PATIENCE_S), self.told


def both(driver: Driver, devices: Devices) -> None:
    driver.openings_of[STAFF] = [devices.speaking(0, 0.1)]
    driver.openings_of[VISITOR] = [devices.speaking(1, 0.2)]


def test_both_devices_are_the_channels_of_one_stream(driver: Driver, devices: Devices) -> None:
    both(driver, devices)
    listener = Listener()
    chunk = listener.until(lambda one: not one.missing)
    assert chunk.pcm.shape[0] == 2
    assert chunk.pcm[:, 0].tolist() == pytest.approx([0.1, 0.2])
    assert chunk.captured_ns > 0
    assert set(listener.told) == {("listening", ())}
    listener.source.stop()
    assert all(0.0 <= one.pcm.max() <= 0.21 for one in listener.chunks)
    assert all(stream.is_closed for stream in driver.opened)


@pytest.mark.parametrize("gone", [0, 1])
def test_the_other_goes_on_while_one_is_lost_and_it_is_taken_up_again(
    driver: Driver, devices: Devices, gone: int
) -> None:
    both(driver, devices)
    listener = Listener()
    listener.until(lambda one: not one.missing)
    devices.unplug(gone)
    alone = listener.until(lambda one: one.missing == (gone,))
    assert alone.pcm[1 - gone, 0] == pytest.approx((0.1, 0.2)[1 - gone])
    assert not alone.pcm[gone].any()
    name = ("staff", "visitor")[gone]
    listener.is_told(("listening", (f"{name}-microphone-lost",)))
    driver.openings_of[gone + 1].append(devices.speaking(gone, 0.3))
    back = listener.until(lambda one: not one.missing)
    assert back.pcm[gone, 0] == pytest.approx(0.3)
    assert listener.told[-1] == ("listening", ())
    # Whoever was open was left alone: PortAudio was not started anew.
    assert driver.starts == 0
    listener.source.stop()


def test_a_device_that_is_plugged_in_elsewhere_is_found_when_the_other_lets_go(
    driver: Driver, devices: Devices
) -> None:
    both(driver, devices)
    listener = Listener(system=SoundSystem(ask_after_s=0.2))
    listener.until(lambda one: not one.missing)
    devices.unplug(1)
    listener.until(lambda one: one.missing == (1,))
    driver.plugged = [driver.plugged[0], driver.plugged[1], device("Camera"), driver.plugged[2]]
    driver.openings_of[STAFF].append(devices.speaking(0, 0.1))
    driver.openings_of[3] = [devices.speaking(1, 0.2)]
    back = listener.until(lambda one: not one.missing)
    assert back.pcm[:, 0].tolist() == pytest.approx([0.1, 0.2])
    assert driver.starts >= 1
    assert ("microphone-lost", ()) not in listener.told
    assert ("listening", ("staff-microphone-lost",)) not in listener.told
    listener.source.stop()


def test_when_both_are_lost_the_microphone_is_lost(driver: Driver, devices: Devices) -> None:
    both(driver, devices)
    listener = Listener()
    listener.until(lambda one: not one.missing)
    devices.unplug(0)
    devices.unplug(1)
    threading.Thread(target=lambda: list(listener.chunks), daemon=True).start()
    listener.is_told(("microphone-lost", ()))
    listener.source.stop()


def test_a_pause_closes_both_and_breaks_once(driver: Driver, devices: Devices) -> None:
    both(driver, devices)
    listener = Listener()
    before = listener.until(lambda one: not one.missing)
    listener.source.pause()
    pause = listener.until(lambda one: one.pcm.shape[1] == 0)
    assert (pause.is_break, pause.lost_before) == (True, 0)
    assert pause.start_sample >= before.end_sample
    assert all(stream.is_closed for stream in driver.opened)
    driver.openings_of[STAFF].append(devices.speaking(0, 0.1))
    driver.openings_of[VISITOR].append(devices.speaking(1, 0.2))
    listener.source.resume()
    after = listener.until(lambda one: one.pcm.shape[1] > 0)
    assert after.is_break
    assert after.lost_before == 0
    listener.is_told(("paused", ()))
    assert listener.told[-1] == ("listening", ())
    listener.source.stop()


def test_one_that_cannot_be_opened_at_the_start_is_told(driver: Driver, devices: Devices) -> None:
    driver.openings_of = {STAFF: [devices.speaking(0, 0.1)], VISITOR: []}
    listener = Listener()
    with pytest.raises(DeskguardError, match="'Visitor' cannot be opened"):
        listener.until(lambda one: False)


def test_roles_turned_round_name_the_other_microphone(driver: Driver, devices: Devices) -> None:
    both(driver, devices)
    listener = Listener(RolesSettings(channels="visitor,staff"))
    listener.until(lambda one: not one.missing)
    devices.unplug(0)
    listener.until(lambda one: one.missing == (0,))
    listener.is_told(("listening", ("visitor-microphone-lost",)))
    listener.source.stop()


def test_one_device_is_a_plain_microphone(driver: Driver) -> None:
    driver.openings_of[STAFF] = [speaking(3)]
    told: list[Told] = []
    settings = Settings(microphone=MicrophoneSettings(device="Staff", lost_after_s=1.0))
    source = open_source(settings, lambda state, missing: told.append((state, missing)))
    assert isinstance(source, Microphone)
    driver.on_nothing_left = source.stop
    assert len(list(source.chunks())) == 3
    assert told[0] == ("listening", ())


def names(driver: Driver, second: str | int, mode: str) -> list[str]:
    assert driver.plugged
    settings = Settings(
        microphone=MicrophoneSettings(device="Staff", visitor_device=second),
        roles=RolesSettings(mode=mode),  # type: ignore[arg-type]
    )
    return [one.name for one in chosen_devices(settings)]


@pytest.mark.parametrize(
    ("second", "mode", "expected"),
    [
        ("", "auto", ["Staff"]),
        ("", "one-microphone", ["Staff"]),
        ("Visitor", "auto", ["Staff", "Visitor"]),
        (2, "two-microphones", ["Staff", "Visitor"]),
        ("Visitor", "one-microphone", ["Staff"]),
    ],
)
def test_the_settings_choose_one_device_or_two(
    driver: Driver, second: str | int, mode: str, expected: list[str]
) -> None:
    assert names(driver, second, mode) == expected


def test_one_device_of_two_channels_may_be_told_to_be_two_sides(driver: Driver) -> None:
    driver.plugged[STAFF] = device("Staff", 2)
    driver.list_again()
    assert names(driver, "", "stereo") == names(driver, "", "two-microphones") == ["Staff"]


@pytest.mark.parametrize(
    ("second", "mode", "code"),
    [
        ("Staff", "auto", "same-microphone"),
        (1, "two-microphones", "same-microphone"),
        ("Visitor", "stereo", "two-devices-in-stereo"),
        ("", "two-microphones", "one-channel"),
        ("", "stereo", "one-channel"),
        ("Webcam", "auto", "no-such-microphone"),
        (0, "auto", "no-such-microphone"),
    ],
)
def test_devices_that_do_not_fit_are_refused_with_a_remedy(
    driver: Driver, second: str | int, mode: str, code: str
) -> None:
    with pytest.raises(DeskguardError) as failure:
        names(driver, second, mode)
    assert failure.value.code == code
    assert failure.value.remedy.endswith((".", "deskguard devices"))
